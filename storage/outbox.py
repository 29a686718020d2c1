"""The outbox: messages that wait for Slack, in the order of their writing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import case
from sqlmodel import Session, col, func, select, update
from sqlmodel.sql.expression import Select

from bot.domain.posts import Place, Post
from bot.ports import Queued
from storage import upserts
from storage.codec import POST
from storage.database import Database
from storage.lease import Fence
from storage.tables import OutboxRow, RolloutRow


class State(StrEnum):
    """`trying`: a call may have left and its answer is not known."""

    WAITING = "waiting"
    TRYING = "trying"
    SENT = "sent"
    REFUSED = "refused"


_ON_ITS_WAY = (State.WAITING, State.TRYING)


def queue(session: Session, posts: Sequence[Post]) -> None:
    """Write posts, in the transaction of the session. A known key is left as it is, but a card is shown anew."""
    if not posts:
        return
    rows = [_new_row(post, position) for position, post in enumerate(posts, _free_place(session))]
    pairs = zip(rows, posts, strict=True)
    new = [row for row, post in pairs if post.place is not Place.CARD or not _show_anew(session, row)]
    upserts.put_new(session, OutboxRow, new)


def _new_row(post: Post, position: int) -> dict[str, object]:
    return {
        "key": post.key,
        "rollout": post.rollout,
        "topic": post.topic,
        "position": position,
        "state": State.WAITING.value,
        "revision": 1,
        "ts": "",
        "tries": 0,
        "why": "",
        "body": POST.body(post),
    }


def _show_anew(session: Session, row: dict[str, object]) -> bool:
    """Whether the card was known. Sent, it goes to the queue's end; on its way, it keeps its place, and its doubt."""
    done = col(OutboxRow.state).in_((State.SENT, State.REFUSED))
    shown = session.connection().execute(
        update(OutboxRow)
        .where(col(OutboxRow.key) == row["key"])
        .values(
            body=row["body"],
            revision=col(OutboxRow.revision) + 1,
            position=case((done, row["position"]), else_=col(OutboxRow.position)),
            tries=case((done, 0), else_=col(OutboxRow.tries)),
            state=case((done, State.WAITING.value), else_=col(OutboxRow.state)),
        )
    )
    return shown.rowcount > 0


def _free_place(session: Session) -> int:
    return (session.exec(select(func.max(OutboxRow.position))).one() or 0) + 1


@dataclass(frozen=True)
class Handed(Queued):
    """A row with the revision that it had when it was handed out: what a card then showed."""

    revision: int = 0


@dataclass(frozen=True)
class Outbox:
    """The messages on their way, as `bot.ports.Outbox` promises them; for one sender."""

    database: Database
    lease: Fence

    async def waiting(self, *, limit: int = 50) -> tuple[Queued, ...]:
        """What is not sent yet, oldest first within a channel, every channel getting its turn.

        A row whose last call has no recorded answer is `uncertain`, after a restart and before.
        """
        turn = func.row_number().over(partition_by=RolloutRow.channel, order_by=col(OutboxRow.position))
        found = (
            _with_channel()
            .where(col(OutboxRow.state).in_(_ON_ITS_WAY))
            .order_by(turn, col(OutboxRow.position))
            .limit(limit)
        )
        rows = await self.database.read(lambda session: session.exec(found).all())
        return tuple(_queued(row, channel or "") for row, channel in rows)

    async def trying(self, row: Queued) -> None:
        def note(stored: OutboxRow, _session: Session) -> None:
            stored.state, stored.tries = State.TRYING, stored.tries + 1

        await self._write(row, note)

    async def again(self, row: Queued) -> None:
        """Slack has certainly not taken it (a 429, a refused connection): it waits again, and is not uncertain."""

        def note(stored: OutboxRow, _session: Session) -> None:
            stored.state = State.WAITING

        await self._write(row, note)

    async def sent(self, row: Queued, ts: str) -> None:
        """Done, unless it is a card that changed after it was handed out: that is shown once more."""

        def note(stored: OutboxRow, session: Session) -> None:
            stored.ts, stored.state = ts, State.SENT
            shown = row.revision if isinstance(row, Handed) else None
            if row.post.place is Place.CARD and stored.revision != shown:
                stored.state, stored.position, stored.tries = State.WAITING, _free_place(session), 0

        await self._write(row, note)

    async def refused(self, row: Queued, why: str) -> None:
        def note(stored: OutboxRow, _session: Session) -> None:
            stored.state, stored.why = State.REFUSED, why

        await self._write(row, note)

    async def card_ts(self, rollout: str) -> str | None:
        key = Post.card(rollout).key
        found = await self.database.read(
            lambda session: session.exec(select(OutboxRow.ts).where(OutboxRow.key == key)).first()
        )
        return found or None

    async def sent_posts(self, rollout: str, topic: str) -> tuple[Queued, ...]:
        found = (
            _with_channel()
            .where(OutboxRow.rollout == rollout, OutboxRow.topic == topic, OutboxRow.ts != "")
            .order_by(col(OutboxRow.position))
        )
        rows = await self.database.read(lambda session: session.exec(found).all())
        return tuple(_queued(row, channel or "") for row, channel in rows)

    async def _write(self, row: Queued, note: Callable[[OutboxRow, Session], None]) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            stored = session.get_one(OutboxRow, row.id)
            note(stored, session)
            session.add(stored)

        await self.database.write(work)


def _with_channel() -> "Select[OutboxRow, str]":
    return select(OutboxRow, RolloutRow.channel).join(
        RolloutRow, col(OutboxRow.rollout) == col(RolloutRow.name), isouter=True
    )


def _queued(row: OutboxRow, channel: str) -> Handed:
    if row.id is None:
        raise ValueError("a row that was read has an id")
    uncertain = row.state == State.TRYING
    return Handed(row.id, POST.value(row.body), channel, row.ts, row.tries, uncertain, row.revision)
