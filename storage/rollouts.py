"""Rollouts: opened, changed and read, each change in one transaction with all that follows from it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select, update

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
from storage.tables import RolloutRow


@dataclass(frozen=True)
class RolloutStore:
    """The memory of rollouts, as `bot.ports.RolloutStore` promises it."""

    database: Database
    clock: Clock
    lease: Fence
    copies: Copies = field(default_factory=Copies)

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        def work(session: Session) -> Change | Refusal:
            self.lease.check(session)
            live = session.exec(
                select(RolloutRow.name).where(RolloutRow.plan == plan.name, col(RolloutRow.closed_at).is_(None))
            ).first()
            if live is not None:
                return Refusal("rollout-live", f"{live} is still live.", f"Close {live} before a new rollout begins.")
            used = session.exec(select(func.max(RolloutRow.number)).where(RolloutRow.plan == plan.name)).one()
            number = (used or 0) + 1
            change = decide(f"{plan.name}-{number}")
            _same_rollout(change, f"{plan.name}-{number}")
            session.add(_new_row(session, plan, number, change.rollout))
            session.flush()
            write_change(session, change, self.clock.now())
            return change

        return await self.database.write(work)

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        def work(session: Session) -> Change | Refusal | None:
            self.lease.check(session)
            row = session.get(RolloutRow, name)
            if row is None:
                raise KeyError(name)
            change = decide(self._snapshot(session, row))
            if not isinstance(change, Change):
                return change
            _same_rollout(change, name)
            _replace_state(session, row, change.rollout)
            write_change(session, change, self.clock.now())
            return change

        return await self.database.write(work)

    async def load(self, name: str) -> Snapshot | None:
        def work(session: Session) -> Snapshot | None:
            row = session.get(RolloutRow, name)
            return None if row is None else self._snapshot(session, row)

        return await self.database.read(work)

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        def work(session: Session) -> tuple[Snapshot, ...]:
            found = select(RolloutRow).where(col(RolloutRow.closed_at).is_(None))
            if plan is not None:
                found = found.where(RolloutRow.plan == plan)
            rows = session.exec(found.order_by(col(RolloutRow.opened_at), col(RolloutRow.name))).all()
            return tuple(self._snapshot(session, row) for row in rows)

        return await self.database.read(work)

    def _snapshot(self, session: Session, row: RolloutRow) -> Snapshot:
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


def _new_row(session: Session, plan: Plan, number: int, rollout: Rollout) -> RolloutRow:
    return RolloutRow(
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


def _replace_state(session: Session, row: RolloutRow, rollout: Rollout) -> None:
    """Write the state over the version it was decided on; anything else was decided on something stale."""
    if rollout.version < row.version:
        raise ValueError(f"{row.name} is at version {row.version}; a decision on version {rollout.version} is stale")
    guarded = update(RolloutRow).where(col(RolloutRow.name) == row.name, col(RolloutRow.version) == row.version)
    written = session.connection().execute(
        guarded.values(version=rollout.version, state=ROLLOUT.body(rollout), closed_at=rollout.closed_at)
    )
    if written.rowcount != 1:
        raise ValueError(f"{row.name} is no longer at version {row.version}")
