"""The store's twin: rollouts in memory, changed all at once or not at all."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.domain.board import Board
from bot.domain.intents import Intent
from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.ports import Busy, Change, Clock, Decide, LostLease, Snapshot
from bot.rehearsal.digests import Digest, stand_in
from bot.rehearsal.ledger import RehearsalLedger, stream_of
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.timers import RehearsalTimers


class RehearsalRollouts:
    """The promises of RolloutStore, without a disk.

    `troubles` are raised by the next writes, one each, before anything is decided.
    """

    def __init__(
        self,
        clock: Clock,
        timers: RehearsalTimers,
        outbox: RehearsalOutbox,
        ledger: RehearsalLedger,
        digest: Digest = stand_in,
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._outbox = outbox
        self._ledger = ledger
        self._digest = digest
        self._kept: dict[str, Snapshot] = {}
        self.troubles: list[Busy | LostLease] = []

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        self._meet_trouble()
        live = next(iter(await self.live(plan.name)), None)
        if live is not None:
            name = live.rollout.name
            return Refusal("rollout-live", f"{name} is still live.", f"Close {name} before a new rollout begins.")
        name = f"{plan.name}-{1 + sum(kept.rollout.plan == plan.name for kept in self._kept.values())}"
        change = decide(name)
        self._write(Snapshot(change.rollout, plan), name, change)
        return change

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        self._meet_trouble()
        before = self._kept[name]
        change = decide(_shown(before))
        if isinstance(change, Change):
            self._write(before, name, change)
        return change

    async def load(self, name: str) -> Snapshot | None:
        found = self._kept.get(name)
        return _shown(found) if found else None

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        found = [
            kept for kept in self._kept.values() if kept.rollout.closed_at is None and plan in {None, kept.rollout.plan}
        ]
        return tuple(_shown(kept) for kept in sorted(found, key=lambda kept: kept.rollout.opened_at))

    def _meet_trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    def _write(self, before: Snapshot, name: str, change: Change) -> None:
        # Everything that can be wrong is found before anything is written.
        after = _after(before, name, change, self._digest)
        self._kept[name] = after
        self._ledger.append(stream_of(name), change.entries, self._clock.now())
        for prefix in change.cancels:
            self._timers.cancel(name, prefix)
        for timer in change.timers:
            self._timers.put(timer)
        self._outbox.put(change.posts, after.plan.channel)


def _after(before: Snapshot, name: str, change: Change, digest: Digest) -> Snapshot:
    if change.rollout.name != name:
        raise ValueError(f"a change of {name} cannot write {change.rollout.name}")
    if change.rollout.version < before.rollout.version:
        raise ValueError(f"{name} is at version {before.rollout.version}; {change.rollout.version} is stale")
    if any(intent.rollout != name for intent in change.intents):
        raise ValueError(f"a change of {name} cannot write the intents of another rollout")
    return replace(
        before,
        rollout=change.rollout,
        copies={**before.copies, **{digest(copy): copy for copy in change.copies}},
        board=_board(before.board, change),
        intents=_intents(before.intents, change.intents),
    )


def _board(board: Board, change: Change) -> Board:
    for standing in change.standings:
        board = board.with_standing(standing)
    for soaked in change.soaks:
        board = board.with_soaked(soaked)
    return board


def _intents(before: Iterable[Intent], written: Iterable[Intent]) -> tuple[Intent, ...]:
    by_id = {intent.id: intent for intent in before}
    by_id |= {intent.id: intent for intent in written}
    return tuple(by_id.values())


def _shown(kept: Snapshot) -> Snapshot:
    """Copies that no run names any more are kept, but not shown."""
    named = {run.digest for run in kept.rollout.phases}
    return replace(kept, copies={digest: copy for digest, copy in kept.copies.items() if digest in named})
