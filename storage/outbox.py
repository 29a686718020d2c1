"""The outbox: messages that wait for Slack, in the order of their writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, String, bindparam, case, or_, select, update
from sqlalchemy.sql.expression import ClauseElement
from sqlmodel import col, func

from bot.domain.entries import Fact
from bot.domain.posts import Place, Post
from bot.ports import Queued
from storage import upserts
from storage.codec import POST
from storage.database import Database
from storage.lease import Fence
from storage.payloads import plain
from storage.session import Session
from storage.statements import Statement
from storage.tables import OutboxRow, RolloutRow


class State(StrEnum):
    """`trying`: a call may have left and its answer is not known."""

    WAITING = "waiting"
    TRYING = "trying"
    SENT = "sent"
    REFUSED = "refused"


_ON_ITS_WAY: Final = (State.WAITING.value, State.TRYING.value)
_DONE: Final = (State.SENT.value, State.REFUSED.value)
_COLUMNS: Final = (
    *("key", "rollout", "topic", "position", "state", "revision", "ts", "tries", "why", "body", "recipient", "sent_to"),
)
_QUEUE: Final = upserts.if_new(OutboxRow, _COLUMNS)
_LAST: Final = Statement(lambda _: select(func.max(col(OutboxRow.position))))


def _show_anew(_kind: str) -> ClauseElement:
    """Sent, a card goes to the queue's end; on its way, it keeps its place, and its doubt."""
    done = or_(*(col(OutboxRow.state) == state for state in _DONE))
    return (
        update(OutboxRow)
        .where(col(OutboxRow.key) == bindparam("card"))
        .values(
            body=bindparam("shown"),
            revision=col(OutboxRow.revision) + 1,
            position=case((done, bindparam("last")), else_=col(OutboxRow.position)),
            tries=case((done, 0), else_=col(OutboxRow.tries)),
            state=case((done, State.WAITING.value), else_=col(OutboxRow.state)),
        )
    )


_SHOW_ANEW: Final = Statement(_show_anew)


def queue(session: Session, posts: Sequence[Post], also: Mapping[str, Fact]) -> None:
    """Write posts, in the transaction of the session. A known key is left as it is, but a card is shown anew.

    `also` are facts that all of them get.
    """
    if not posts:
        return
    rows = [_new_row(post, position, also) for position, post in enumerate(posts, _free_place(session))]
    pairs = zip(rows, posts, strict=True)
    new = [row for row, post in pairs if post.place is not Place.CARD or not _shown(session, row)]
    _QUEUE.run_all(session, new)


def _new_row(post: Post, position: int, also: Mapping[str, Fact]) -> dict[str, object]:
    facts = {name: plain(fact) for name, fact in {**post.facts, **also}.items()}
    said = Post(post.key, post.rollout, post.place, post.topic, post.phase, post.actor, facts, post.to)
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
        "body": POST.body(said),
        "recipient": post.to if post.place is Place.DIRECT else "",
        "sent_to": "",
    }


def _shown(session: Session, row: dict[str, object]) -> bool:
    """Whether the card was known, and will be shown anew."""
    return _SHOW_ANEW.run(session, card=row["key"], shown=row["body"], last=row["position"]) > 0


def _free_place(session: Session) -> int:
    return (_LAST.first(session)[0] or 0) + 1


CHANNEL: Final = func.coalesce(func.nullif(col(OutboxRow.recipient), ""), col(RolloutRow.channel), "")


def _handed_out() -> Select[Any]:
    columns = (getattr(OutboxRow, name) for name in ("id", "body", "ts", "tries", "state", "revision"))
    return (
        select(*columns, CHANNEL.label("channel"))
        .select_from(OutboxRow)
        .join(RolloutRow, col(OutboxRow.rollout) == col(RolloutRow.name), isouter=True)
    )


def _waiting(_kind: str) -> ClauseElement:
    turn = func.row_number().over(partition_by=CHANNEL, order_by=col(OutboxRow.position))
    on_its_way = or_(*(col(OutboxRow.state) == state for state in _ON_ITS_WAY))
    return _handed_out().where(on_its_way).order_by(turn, col(OutboxRow.position)).limit(bindparam("most"))


def _sent_posts(_kind: str) -> ClauseElement:
    wanted = (
        col(OutboxRow.rollout) == bindparam("rollout"),
        col(OutboxRow.topic) == bindparam("topic"),
        col(OutboxRow.recipient) == "",
        col(OutboxRow.ts) != "",
    )
    return _handed_out().where(*wanted).order_by(col(OutboxRow.position))


def _sent(_kind: str) -> ClauseElement:
    """Done, unless it is a card that changed after it was handed out: `shown` is not its revision any more."""
    changed = col(OutboxRow.revision) != bindparam("shown")
    last = select(func.max(OutboxRow.position)).scalar_subquery()
    given = bindparam("channel", type_=String)
    return (
        update(OutboxRow)
        .where(col(OutboxRow.id) == bindparam("row"))
        .values(
            ts=bindparam("stamp"),
            sent_to=case((given == "", col(OutboxRow.sent_to)), else_=given),
            state=case((changed, State.WAITING.value), else_=State.SENT.value),
            position=case((changed, last + 1), else_=col(OutboxRow.position)),
            tries=case((changed, 0), else_=col(OutboxRow.tries)),
        )
    )


def _one(**values: object) -> Statement:
    return Statement(lambda _: update(OutboxRow).where(col(OutboxRow.id) == bindparam("row")).values(**values))


_WAITING: Final = Statement(_waiting)
_SENT_POSTS: Final = Statement(_sent_posts)
_REVISION: Final = Statement(lambda _: select(col(OutboxRow.revision)).where(col(OutboxRow.id) == bindparam("row")))
_SENT: Final = Statement(_sent)
_TRYING: Final = _one(state=State.TRYING.value, tries=col(OutboxRow.tries) + 1)
_AGAIN: Final = _one(state=State.WAITING.value)
_REFUSED: Final = _one(state=State.REFUSED.value, why=bindparam("reason"))
_TS: Final = Statement(lambda _: select(col(OutboxRow.ts)).where(col(OutboxRow.key) == bindparam("card")))


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
        rows = await self.database.read(lambda session: _WAITING.rows(session, most=limit))
        return tuple(_queued(*row) for row in rows)

    async def trying(self, row: Queued) -> None:
        await self._write(_TRYING, row=row.id)

    async def again(self, row: Queued) -> None:
        """Slack has certainly not taken it (a 429, a refused connection): it waits again, and is not uncertain."""
        await self._write(_AGAIN, row=row.id)

    async def sent(self, row: Queued, ts: str, channel: str = "") -> None:
        """Done, unless it is a card that changed after it was handed out: that is shown once more."""
        handed = row.revision if isinstance(row, Handed) else 0

        def work(session: Session) -> None:
            self.lease.check(session)
            card = row.post.place is Place.CARD
            shown = handed if card else (_REVISION.first(session, row=row.id) or (0,))[0]
            _one_row(_SENT.run(session, row=row.id, stamp=ts, channel=channel, shown=shown), row.id)

        await self.database.write(work)

    async def refused(self, row: Queued, why: str) -> None:
        await self._write(_REFUSED, row=row.id, reason=why)

    async def card_ts(self, rollout: str) -> str | None:
        key = Post.card(rollout).key
        found = await self.database.read(lambda session: _TS.first(session, card=key))
        return None if found is None else found[0] or None

    async def sent_posts(self, rollout: str, topic: str) -> tuple[Queued, ...]:
        rows = await self.database.read(lambda session: _SENT_POSTS.rows(session, rollout=rollout, topic=topic))
        return tuple(_queued(*row) for row in rows)

    async def _write(self, note: Statement, *, row: int, **values: str) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            _one_row(note.run(session, row=row, **values), row)

        await self.database.write(work)


def _one_row(changed: int, row: int) -> None:
    if changed != 1:
        raise KeyError(row)


def _queued(number: int, body: bytes, ts: str, tries: int, state: str, revision: int, channel: str) -> Handed:
    return Handed(number, POST.value(body), channel, ts, tries, state == State.TRYING, revision)
