"""The outbox's twin: messages that wait, in the order of their writing, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.posts import Place, Post
from bot.ports import Queued


class _State(StrEnum):
    WAITING = "waiting"
    TRYING = "trying"
    SENT = "sent"
    REFUSED = "refused"


@dataclass
class _Row:
    id: int
    post: Post
    channel: str
    position: int
    state: _State = _State.WAITING
    ts: str = ""
    tries: int = 0
    revision: int = 0
    handed: int = 0
    why: str = ""

    @property
    def queued(self) -> Queued:
        return Queued(self.id, self.post, self.channel, self.ts, self.tries, self.state is _State.TRYING)


class RehearsalOutbox:
    """The promises of Outbox, without a disk."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._positions = 0

    async def waiting(self, *, limit: int = 50) -> tuple[Queued, ...]:
        found = sorted(self._on_their_way(), key=lambda row: row.position)[:limit]
        for row in found:
            row.handed = row.revision
        return tuple(row.queued for row in found)

    async def trying(self, row: Queued) -> None:
        stored = self._stored(row)
        stored.state, stored.tries = _State.TRYING, stored.tries + 1

    async def again(self, row: Queued) -> None:
        """Slack has certainly not taken it: it waits again, and is not uncertain."""
        self._stored(row).state = _State.WAITING

    async def sent(self, row: Queued, ts: str, channel: str = "") -> None:  # noqa: ARG002 - nobody reads it here
        stored = self._stored(row)
        stored.ts, stored.state = ts, _State.SENT
        # A card that changed after it was handed out is shown once more.
        if stored.revision != stored.handed:
            self._wait_again(stored)

    async def refused(self, row: Queued, why: str) -> None:
        stored = self._stored(row)
        stored.state, stored.why = _State.REFUSED, why

    async def card_ts(self, rollout: str) -> str | None:
        card = self._rows.get(Post.card(rollout).key)
        return card.ts or None if card else None

    async def sent_posts(self, rollout: str, topic: str) -> tuple[Queued, ...]:
        rows = (row for row in self._rows.values() if row.ts and row.post.rollout == rollout and not row.post.to)
        return tuple(row.queued for row in rows if row.post.topic == topic)

    def put(self, posts: Iterable[Post], channel: str) -> None:
        """Write posts; a known key is left as it is, but a card is shown anew."""
        for post in posts:
            row = self._rows.get(post.key)
            if row is None:
                self._positions += 1
                self._rows[post.key] = _Row(len(self._rows) + 1, post, post.to or channel, self._positions)
            elif post.place is Place.CARD:
                row.post, row.revision = post, row.revision + 1
                self._wait_again(row)

    @property
    def posts(self) -> tuple[Post, ...]:
        """Everything that was ever to be said, sent or not, in the order of first writing."""
        return tuple(row.post for row in self._rows.values())

    def _wait_again(self, row: _Row) -> None:
        if row.state in {_State.WAITING, _State.TRYING}:
            return
        self._positions += 1
        row.state, row.position, row.tries, row.why = _State.WAITING, self._positions, 0, ""

    def _on_their_way(self) -> list[_Row]:
        return [row for row in self._rows.values() if row.state in {_State.WAITING, _State.TRYING}]

    def _stored(self, row: Queued) -> _Row:
        return self._rows[row.post.key]
