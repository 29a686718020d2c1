"""Rollouts: opened, changed and read, each change in one transaction with all that follows from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col, func

from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import Rollout
from bot.ports import Change, Clock, Decide, Snapshot
from storage.belongings import belongings
from storage.changes import write_change
from storage.codec import ROLLOUT
from storage.copies import Copies, keep_plan
from storage.database import Database
from storage.lease import Fence
from storage.session import Session
from storage.shared import Shared
from storage.statements import Statement
from storage.tables import RolloutRow


class _Row(NamedTuple):
    name: str
    version: int
    state: bytes
    plan_digest: str


def _rows() -> Any:  # noqa: ANN401 - a select, which SQLModel types by its columns
    return select(col(RolloutRow.name), col(RolloutRow.version), col(RolloutRow.state), col(RolloutRow.plan_digest))


_LIVE: Final = col(RolloutRow.closed_at).is_(None)
_OLDEST_FIRST: Final = (col(RolloutRow.opened_at), col(RolloutRow.name))
_ONE: Final = Statement(lambda _: _rows().where(col(RolloutRow.name) == bindparam("name")))
_ALL_LIVE: Final = Statement(lambda _: _rows().where(_LIVE).order_by(*_OLDEST_FIRST))
_LIVE_OF_PLAN: Final = Statement(
    lambda _: _rows().where(_LIVE, col(RolloutRow.plan) == bindparam("plan")).order_by(*_OLDEST_FIRST)
)
_NUMBER: Final = Statement(
    lambda _: select(func.max(RolloutRow.number)).where(col(RolloutRow.plan) == bindparam("plan"))
)
_COLUMNS: Final = (*("name", "plan", "number", "version", "state", "channel", "plan_digest", "opened_at", "closed_at"),)
_ADD: Final = Statement(lambda _: insert(RolloutRow).inline(), _COLUMNS)
_REPLACE: Final = Statement(
    lambda _: (
        update(RolloutRow)
        .where(col(RolloutRow.name) == bindparam("rollout"), col(RolloutRow.version) == bindparam("before"))
        .values(version=bindparam("after"), state=bindparam("body"), closed_at=bindparam("closed"))
    )
)


@dataclass(frozen=True)
class RolloutStore:
    """The memory of rollouts, as `bot.ports.RolloutStore` promises it."""

    database: Database
    clock: Clock
    lease: Fence
    copies: Copies = field(default_factory=Copies)
    _lives: Shared[tuple[Snapshot, ...]] = field(default_factory=Shared)
    _loads: Shared[tuple[Snapshot, str] | None] = field(default_factory=Shared)

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        def work(session: Session) -> Change | Refusal:
            self.lease.check(session)
            live = _LIVE_OF_PLAN.first(session, plan=plan.name)
            if live is not None:
                name = live[0]
                return Refusal("rollout-live", f"{name} is still live.", f"Close {name} before a new rollout begins.")
            number = (_NUMBER.first(session, plan=plan.name)[0] or 0) + 1
            change = decide(f"{plan.name}-{number}")
            _same_rollout(change, f"{plan.name}-{number}")
            _add(session, plan, number, change.rollout)
            write_change(session, change, self.clock.now())
            return change

        return await self.database.write(work)

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        def work(session: Session) -> Change | Refusal | None:
            self.lease.check(session)
            found = _ONE.first(session, name=name)
            if found is None:
                raise KeyError(name)
            row = _Row(*found)
            change = decide(self._snapshot(session, row))
            if not isinstance(change, Change):
                return change
            _same_rollout(change, name)
            _replace_state(session, row, change.rollout)
            write_change(session, change, self.clock.now())
            return change

        return await self.database.write(work)

    async def load(self, name: str) -> Snapshot | None:
        found = await self._loads.read(self.database, name, lambda session: self.find(session, name))
        return None if found is None else found[0]

    def find(self, session: Session, name: str) -> tuple[Snapshot, str] | None:
        """The rollout, in the session's transaction, with the digest of its plan's copy."""
        found = _ONE.first(session, name=name)
        return None if found is None else (self._snapshot(session, _Row(*found)), found[3])

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        def work(session: Session) -> tuple[Snapshot, ...]:
            rows = _ALL_LIVE.rows(session) if plan is None else _LIVE_OF_PLAN.rows(session, plan=plan)
            return tuple(self._snapshot(session, _Row(*row)) for row in rows)

        return await self._lives.read(self.database, plan, work)

    def _snapshot(self, session: Session, row: "_Row") -> Snapshot:
        rollout = ROLLOUT.value(row.state)
        digests = {run.digest for run in rollout.phases if run.digest}
        board, intents = belongings(session, row.name)
        return Snapshot(
            rollout,
            self.copies.plan(session, row.plan_digest),
            self.copies.phases(session, digests),
            board,
            intents,
        )


def _same_rollout(change: Change, name: str) -> None:
    if change.rollout.name != name:
        raise ValueError(f"a change of {name} cannot write {change.rollout.name}")


def _add(session: Session, plan: Plan, number: int, rollout: Rollout) -> None:
    _ADD.run(
        session,
        name=rollout.name,
        plan=plan.name,
        number=number,
        version=rollout.version,
        state=ROLLOUT.body(rollout),
        channel=plan.channel,
        plan_digest=keep_plan(session, plan),
        opened_at=rollout.opened_at,
        closed_at=rollout.closed_at,
    )


def _replace_state(session: Session, row: _Row, rollout: Rollout) -> None:
    """Write the state over the version it was decided on; anything else was decided on something stale."""
    if rollout.version < row.version:
        raise ValueError(f"{row.name} is at version {row.version}; a decision on version {rollout.version} is stale")
    written = _REPLACE.run(
        session,
        rollout=row.name,
        before=row.version,
        after=rollout.version,
        body=ROLLOUT.body(rollout),
        closed=rollout.closed_at,
    )
    if written != 1:
        raise ValueError(f"{row.name} is no longer at version {row.version}")
