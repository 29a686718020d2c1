"""Orders: what the host's operator asks of the process that acts, and its answers."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, insert, or_, select, update
from sqlmodel import col

from bot.ports import Order, OrderState
from storage.database import Database
from storage.lease import Fence
from storage.moments import read
from storage.session import Session
from storage.statements import Statement
from storage.tables import OrderRow

_COLUMNS: Final = ("id", "at", "operator", "verb", "rollout", "phase", "reason", "state", "answer")
_OPEN: Final = (OrderState.WAITING.value, OrderState.TAKEN.value)


def _orders() -> Select[Any]:
    return select(*(getattr(OrderRow, name) for name in _COLUMNS))


_GIVE: Final = Statement(lambda _: insert(OrderRow).inline(), _COLUMNS)
_FIND: Final = Statement(lambda _: _orders().where(col(OrderRow.id) == bindparam("order")))
_WAITING: Final = Statement(
    lambda _: (
        _orders()
        .where(or_(*(col(OrderRow.state) == state for state in _OPEN)))
        .order_by(col(OrderRow.at), col(OrderRow.id))
    )
)
_ANSWER: Final = Statement(
    lambda _: (
        update(OrderRow)
        .where(col(OrderRow.id) == bindparam("order"))
        .values(state=bindparam("now"), answer=bindparam("said"))
    )
)


@dataclass(frozen=True)
class Orders:
    """The orders, as `bot.ports.Orders` promises them."""

    database: Database
    lease: Fence

    async def give(self, order: Order) -> None:
        """Without the lease: who gives an order does not act."""

        def work(session: Session) -> None:
            _GIVE.run(session, **{**vars(order), "state": order.state.value})

        await self.database.write(work)

    async def waiting(self) -> tuple[Order, ...]:
        return await self.database.read(lambda session: tuple(_order(*row) for row in _WAITING.rows(session)))

    async def answer(self, order: str, state: OrderState, answer: str = "") -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            if _ANSWER.run(session, order=order, now=state.value, said=answer) == 0:
                raise KeyError(order)

        await self.database.write(work)

    async def find(self, order: str) -> Order | None:
        found = await self.database.read(lambda session: _FIND.first(session, order=order))
        return None if found is None else _order(*found)


def _order(name: str, at: str, *texts: str) -> Order:
    operator, verb, rollout, phase, reason, state, answer = texts
    return Order(name, read(at), operator, verb, rollout, phase, reason, OrderState(state), answer)
