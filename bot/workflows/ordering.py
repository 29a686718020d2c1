"""Ordering: what the operator on the host asks while Slack may be down, carried out by whoever acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from bot.domain.nearest import did_you_mean
from bot.domain.people import Kind, Person
from bot.domain.permissions import Right, may
from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import Rollout
from bot.ports import Change, Clock, Decide, Ledger, Order, Orders, OrderState, RolloutStore, Snapshot
from bot.workflows.progress import Progress
from bot.workflows.rollback import Rollbacks

# Abort is a way back for the operator: it ends what has had no effect yet.
RIGHTS: Final[Mapping[str, Right]] = MappingProxyType({"hold": Right.HOLD, "rollback": Right.BACK, "abort": Right.BACK})
# Whoever gave an order and went away must not be surprised by it tomorrow.
LIFE: Final = timedelta(hours=1)
_LAST: Final = 200
_DONE: Final[Mapping[str, str]] = MappingProxyType({"hold": "is held", "rollback": "goes back", "abort": "is aborted"})


@dataclass(frozen=True)
class Ordering:
    """Answers each order once; one that was carried out before a crash is recognised by its id in the ledger."""

    orders: Orders
    progress: Progress
    rollbacks: Rollbacks
    rollouts: RolloutStore
    ledger: Ledger
    clock: Clock

    async def answer_waiting(self) -> int:
        """Answer every order that waits, oldest first; how many there were."""
        waiting = await self.orders.waiting()
        for order in waiting:
            await self.answer(order)
        return len(waiting)

    async def answer(self, order: Order) -> None:
        """Carry one order out, or refuse it. Raises Busy and LostLease, which leave it waiting."""
        before = await self._carried_out(order)
        if before is None:
            await self.orders.answer(order.id, OrderState.TAKEN)
        done = before or await self._carried(order)
        if isinstance(done, Refusal):
            # A write whose answer was lost is decided anew, on what it recorded itself, and looks refused.
            done = await self._carried_out(order) or done
        if isinstance(done, Refusal):
            await self.orders.answer(order.id, OrderState.REFUSED, f"{done} Code: {done.code}")
        else:
            await self.orders.answer(order.id, OrderState.DONE, done)

    async def broke(self, order: Order, bug: str) -> None:
        """The bot itself broke at this order: it is answered, so that it is not tried for ever."""
        text = f"The bot broke at this order ({bug}); its log has the stack. Code: rollout-bug"
        await self.orders.answer(order.id, OrderState.REFUSED, text)

    async def _carried_out(self, order: Order) -> str | None:
        for each in await self.ledger.entries(f"rollout/{order.rollout}", last=_LAST):
            if each.entry.facts.get("order") == order.id:
                return _words(order, each.entry.phase)
        return None

    async def _carried(self, order: Order) -> str | Refusal:
        person = Person(f"operator:{order.operator}", order.operator, kind=Kind.OPERATOR)
        seen = await self.rollouts.load(order.rollout)
        no = await self._refused(order, person, seen)
        if no or seen is None:
            return no or await self._unknown(order)
        phase = order.phase or _meant(order.verb, seen.rollout)
        known = [each.name for each in seen.plan.phases]
        if phase not in known and seen.rollout.run(phase) is None:
            return Refusal("unknown-phase", f"{seen.plan.title} has no phase '{phase}':", did_you_mean(phase, known))
        result = await self._moved(order, phase, person)
        if result is None or isinstance(result, Refusal):
            return result or f"{order.rollout}, {phase}: there was nothing to change."
        return _words(order, phase, result)

    async def _refused(self, order: Order, person: Person, seen: Snapshot | None) -> Refusal | None:
        right = RIGHTS.get(order.verb)
        if right is None:
            return Refusal("operator", f"The host's operator cannot {order.verb}.")
        if self.clock.real() - order.at > LIFE:
            return Refusal("order-expired", f"This order is of {order.at:%Y-%m-%d %H:%M} UTC.", "Give it again.")
        if not order.reason.strip():
            return Refusal("reason", f"To {order.verb} needs a reason.", "Say why; it is on record for good.")
        return may(person, right, seen.plan.run_by if seen else "", {})

    async def _unknown(self, order: Order) -> Refusal:
        live = [each.rollout.name for each in await self.rollouts.live()]
        return Refusal("unknown-rollout", f"There is no rollout '{order.rollout}':", did_you_mean(order.rollout, live))

    async def _moved(self, order: Order, phase: str, by: Person) -> Change | Refusal | None:
        store = Marking(self.rollouts, order.id)
        progress, rollbacks = replace(self.progress, rollouts=store), replace(self.rollbacks, rollouts=store)
        if order.verb == "hold":
            return await progress.hold(order.rollout, phase, order.reason, by)
        if order.verb == "abort":
            return await progress.abort(order.rollout, phase, order.reason, by)
        return await rollbacks.begin(order.rollout, phase, order.reason, by)


@dataclass(frozen=True)
class Marking:
    """A store that writes an order's id into the ledger with what it led to, in the same transaction."""

    store: RolloutStore
    order: str

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        return await self.store.open(plan, decide)

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        def marked(seen: Snapshot) -> Change | Refusal | None:
            decided = decide(seen)
            if not isinstance(decided, Change):
                return decided
            entries = (replace(each, facts={**each.facts, "order": self.order}) for each in decided.entries)
            return replace(decided, entries=tuple(entries))

        return await self.store.change(name, marked)

    async def load(self, name: str) -> Snapshot | None:
        return await self.store.load(name)

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        return await self.store.live(plan)


def _meant(verb: str, rollout: Rollout) -> str:
    """The phase that is meant when none is named: what goes back is the newest that went forward."""
    newest = rollout.newest_forward if verb == "rollback" else None
    return (newest or rollout.current).phase


def _words(order: Order, phase: str, result: Change | None = None) -> str:
    steps = len([each for each in result.intents if each.open]) if result and order.verb == "rollback" else 0
    more = f", {steps} step{'s' if steps > 1 else ''} to do" if steps else ""
    return f"{order.rollout}, {phase} {_DONE[order.verb]}{more}."
