"""Orders: the loop that lets the process that acts answer what the host's operator asks."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from structlog.contextvars import bound_contextvars

from bot.jobs.working import guarded
from bot.workflows.ordering import Ordering

PAUSE: Final = 0.5


@dataclass(frozen=True)
class Orderly:
    """Looks twice a second; the operator's command line waits for the answer."""

    ordering: Ordering

    async def run(self) -> None:
        """Answer orders for as long as the process lives; a bug is logged and told to the one who ordered."""
        while True:
            await guarded(self._look(), "orders")
            await self.ordering.clock.sleep(PAUSE)

    async def _look(self) -> None:
        for order in await self.ordering.orders.waiting():
            with bound_contextvars(rollout=order.rollout, phase=order.phase, actor=f"operator:{order.operator}"):
                broke = partial(self.ordering.broke, order)
                await guarded(self.ordering.answer(order), f"order {order.id}", broke)
