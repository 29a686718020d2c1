"""The orders' twin: what the host's operator asked, in memory."""

from dataclasses import replace

from bot.ports import Order, OrderState


class RehearsalOrders:
    """The promises of Orders, without a disk."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}

    async def give(self, order: Order) -> None:
        self._orders[order.id] = order

    async def waiting(self) -> tuple[Order, ...]:
        open_states = {OrderState.WAITING, OrderState.TAKEN}
        waiting = (order for order in self._orders.values() if order.state in open_states)
        return tuple(sorted(waiting, key=lambda order: (order.at, order.id)))

    async def answer(self, order: str, state: OrderState, answer: str = "") -> None:
        self._orders[order] = replace(self._orders[order], state=state, answer=answer)

    async def find(self, order: str) -> Order | None:
        return self._orders.get(order)
