"""The announcer: the bot's voice; sends what waits in the outbox and keeps one card per rollout true."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol

import structlog

from bot.domain.entries import Happened
from bot.domain.plan import Guild
from bot.domain.posts import Place, Post
from bot.ports import Beat, Buttons, Clock, Meaning, Outbox, Pulse, Queued, RolloutStore, Snapshot, Unreachable
from bot.views.card import card, card_meanings
from bot.views.message import Ids, Message
from bot.views.notes import note, note_meanings, repeating
from bot.views.request import request, request_meanings
from bot.views.subscriptions import directly

EVENT: Final = "rollout_post"
BURST: Final = 3
A_SECOND: Final = 1.0
LOOK_AGAIN: Final = timedelta(seconds=10)
_BACK_OFF: Final = 30
_ASK_AGAIN: Final = 5
_LOG: Final = structlog.get_logger(__name__)


class Paced(Exception):  # noqa: N818 - what Slack asks for
    """Slack took nothing and asks for a pause of so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds


class NotSent(Exception):  # noqa: N818 - what is certain
    """The call certainly never reached Slack."""


class Refused(Exception):  # noqa: N818 - Slack's no
    """Slack said no, and will say it again; the text is its error."""


class Gone(Refused):
    """The message or its thread is not there any more."""


class Shut(Refused):
    """Slack takes nothing here until a person puts it right: the token, the bot's place in the channel, the archive."""


class Voice(Protocol):
    """How messages reach a channel. Raises Paced, NotSent, Refused, Gone, Shut; Unreachable when it is unknown."""

    async def post(
        self, channel: str, message: Message, thread_ts: str | None, metadata: Mapping[str, object]
    ) -> str: ...

    async def update(self, channel: str, ts: str, message: Message) -> None: ...

    async def pin(self, channel: str, ts: str) -> None: ...

    def place(self, channel: str) -> str:
        """The id that Slack gave the place, once something was said there; "" when it is not known."""
        ...

    async def history_has(self, channel: str, key: str, thread_ts: str | None) -> str | None:
        """The ts of the message whose metadata carries this key; raises when the history cannot be read."""
        ...


# The mark that notifies a guild's user group (`<!subteam^S…>`); "" when it has none or it is not known.
Mentions = Callable[[Guild], Awaitable[str]]


class Addressed(Protocol):
    """Who may be told directly, asked at the moment of sending."""

    async def unwanted(self, post: Post, seen: Snapshot) -> str:
        """Why this message is not sent any more; "" when it is. Raises Unreachable: then it waits."""
        ...


class _Came(Enum):
    """What came of one row: it is off the queue, it waits for a second look, or the channel must pause."""

    THROUGH = auto()
    PARKED = auto()
    PAUSED = auto()


@dataclass
class _Pace:
    """One channel's allowance: about one message a second, a few at once."""

    tokens: float
    at: datetime
    not_before: datetime

    def short(self, real: datetime) -> float:
        """Seconds until the next message may leave."""
        return max(1.0 - self._filled(real), 0.0) * A_SECOND

    def wait(self, real: datetime) -> float:
        """The same, and the message is taken from the allowance now."""
        short = self.short(real)
        self.tokens = max(self._filled(real) - 1.0, 0.0)
        self.at = real + timedelta(seconds=short)
        return short

    def _filled(self, real: datetime) -> float:
        return min(BURST, self.tokens + (real - self.at) / timedelta(seconds=A_SECOND))


@dataclass(frozen=True)
class _Look:
    """The first look into the history for a message whose answer never came."""

    at: datetime
    tries: int


@dataclass(frozen=True)
class Announcer:
    """Renders and sends, in the order of writing for each channel. It decides nothing; a lost message loses nothing."""

    outbox: Outbox
    rollouts: RolloutStore
    buttons: Buttons
    clock: Clock
    voice: Voice
    pulse: Pulse
    mentions: Mentions | None = None
    # Who may be told directly; without it nobody is.
    addressees: Addressed | None = None
    _paces: dict[str, _Pace] = field(default_factory=dict)
    _looks: dict[int, _Look] = field(default_factory=dict)
    _shown: dict[int, Message] = field(default_factory=dict)  # the requests as Slack has them
    _owed: set[tuple[str, str]] = field(default_factory=set)  # (channel, rollout) whose requests are to be drawn again

    async def send_waiting(self) -> int:
        """Send what waits; answers how many messages left the queue.

        Does not wait out a pause that Slack asked for, nor the time between two looks: call it again.
        """
        rows = await self.outbox.waiting()
        channels: dict[str, list[Queued]] = {channel: [] for channel, _ in self._owed}
        for row in rows:
            channels.setdefault(row.channel, []).append(row)
        done = await asyncio.gather(*(self._channel(*each) for each in channels.items()), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return sum(each for each in done if isinstance(each, int))

    async def _channel(self, channel: str, rows: Sequence[Queued]) -> int:
        sent, parked = 0, False
        for row in rows:
            # Rounds are short, so that what one channel has to wait for keeps no other channel waiting.
            if self._paused(channel) or (sent and self._of(channel).short(self.clock.real())):
                return sent
            # What the bot says after a restart does not wait for the fate of a message from before it.
            if parked and row.post.topic != Happened.BOT_RESTARTED.value:
                continue
            came = await self._through(row, rows)
            sent += came is _Came.THROUGH
            parked = parked or came is _Came.PARKED
        if not parked and not self._paused(channel):
            await self._requests(channel)
        return sent

    async def _through(self, row: Queued, batch: Iterable[Queued]) -> _Came:
        try:
            return await self._row(row, batch)
        except Paced as why:
            await self.outbox.again(row)
            self._pause(row.channel, why.seconds)
            return _Came.PAUSED
        except NotSent as why:
            await self.outbox.again(row)
            self._pause(row.channel, min(2**row.tries, _BACK_OFF))
            _LOG.warning("slack cannot be reached", why=str(why))
            return _Came.PAUSED
        except Unreachable as why:
            _LOG.warning("no answer to a post", post=row.post.key, why=str(why))
            if row.post.place is Place.DIRECT:  # who it is for is asked anew each time
                self._pause(row.channel, _ASK_AGAIN)
            return _Came.PARKED
        except Shut as why:
            # Nothing is lost: it is said once a person has opened the way again.
            await self.outbox.again(row)
            self._pause(row.channel, _BACK_OFF)
            _LOG.error("slack takes nothing here", channel=row.channel, why=str(why))
            return _Came.PAUSED
        except Refused as why:
            return await self._refused(row, str(why))

    async def _refused(self, row: Queued, why: str) -> _Came:
        _LOG.error("slack refused a post", post=row.post.key, channel=row.channel, why=why)
        await self.outbox.refused(row, why)
        return _Came.THROUGH

    async def _row(self, row: Queued, batch: Iterable[Queued]) -> _Came:
        self.pulse(Beat.POST_FOUND)
        thread = await self.outbox.card_ts(row.post.rollout) if row.post.place is Place.THREAD else None
        if row.post.place is Place.THREAD and not thread:
            # The card comes first; when Slack does not take it, there is no thread to speak in.
            waits = any(each.post.key == Post.card(row.post.rollout).key for each in batch)
            return _Came.PARKED if waits else await self._refused(row, "its card is not there")
        edits = row.post.place is Place.CARD and bool(row.ts)
        found, marked = ("", False) if edits or not row.uncertain else await self._looked(row, thread)
        if found is None:
            return _Came.PARKED
        if found:
            return await self._recorded(row, found, new=True)
        message = await self._rendered(row.post)
        if message is None:
            return await self._refused(row, "there is nothing to say it about")
        if row.post.place is Place.DIRECT and (why := await self._unwanted(row.post)):
            _LOG.info("a direct message is not sent", post=row.post.key, why=why)
            await self.outbox.refused(row, why)
            return _Came.THROUGH
        await self._pace(row.channel)
        await self.outbox.trying(row)
        self.pulse(Beat.POST_TRYING)
        return await self._said(row, repeating(message) if marked else message, thread)

    async def _said(self, row: Queued, message: Message, thread: str | None) -> _Came:
        new = not (row.post.place is Place.CARD and row.ts)
        try:
            ts = await self._post(row, message, thread) if new else await self._edit(row, message)
        except Gone:
            if thread:
                return await self._without_thread(row, thread)
            if new:
                raise
            return await self._anew(row, message)
        self.pulse(Beat.POST_SENT)
        if row.post.topic == "request":
            self._shown[row.id] = message
        return await self._recorded(row, ts, new=new)

    async def _post(self, row: Queued, message: Message, thread: str | None) -> str:
        metadata = {"event_type": EVENT, "event_payload": {"key": row.post.key}}
        return await self.voice.post(row.channel, message, thread, metadata)

    async def _edit(self, row: Queued, message: Message) -> str:
        await self.voice.update(row.channel, row.ts, message)
        return row.ts

    async def _anew(self, row: Queued, message: Message) -> _Came:
        """Somebody deleted the card: it is posted again, unless an earlier attempt at that has come through."""
        found, marked = await self._looked(row, None) if row.uncertain else ("", False)
        if found is None:
            return _Came.PARKED
        ts = found or await self._post(row, repeating(message) if marked else message, None)
        self.pulse(Beat.POST_SENT)
        return await self._recorded(row, ts, new=True)

    async def _without_thread(self, row: Queued, thread: str) -> _Came:
        """The card was deleted: bring it back first, and say this in the new thread the next time."""
        await self.outbox.again(row)
        for shown in (await self.outbox.sent_posts(row.post.rollout, "card"))[-1:]:
            came = await self._through(shown, ())
            if came is _Came.THROUGH and await self.outbox.card_ts(row.post.rollout) == thread:
                raise Refused("thread_not_found")
        return _Came.PARKED

    async def _recorded(self, row: Queued, ts: str, *, new: bool) -> _Came:
        if row.post.place is Place.CARD and new:
            await self._pin(row.channel, ts)
        await self.outbox.sent(row, ts, self.voice.place(row.channel))
        self.pulse(Beat.POST_RECORDED)
        if row.post.place is Place.CARD:
            self._owed.add((row.channel, row.post.rollout))
        return _Came.THROUGH

    async def _pin(self, channel: str, ts: str) -> None:
        try:
            await self.voice.pin(channel, ts)
        except (Paced, NotSent, Refused, Unreachable) as why:
            _LOG.warning("the card could not be pinned", channel=channel, why=str(why))

    async def _looked(self, row: Queued, thread: str | None) -> tuple[str | None, bool]:
        """What the history says of a message whose answer never came: its ts, "" when it is to be posted again.

        None: look again later, ten seconds after the first time. The second value says that the history could
        not be read, so that the message may stand there twice.
        """
        before = self._looks.get(row.id)
        if before and before.tries == row.tries and self.clock.real() - before.at < LOOK_AGAIN:
            return None, False
        readable = True
        try:
            found = await self.voice.history_has(row.channel, row.post.key, thread)
        except (Paced, NotSent, Refused, Unreachable) as why:
            _LOG.warning("the history cannot be read", post=row.post.key, why=str(why))
            found, readable = None, False
        if found:
            self._looks.pop(row.id, None)
            return found, False
        if before is None or before.tries != row.tries:
            self._looks[row.id] = _Look(self.clock.real(), row.tries)
            return None, False
        self._looks.pop(row.id)
        return "", not readable

    async def _unwanted(self, post: Post) -> str:
        """Asked at the moment of sending; while it cannot be known the message waits, and is not sent."""
        seen = await self.rollouts.load(post.rollout)
        if seen is None or self.addressees is None:
            return "nobody can say who may read it"
        return await self.addressees.unwanted(post, seen)

    async def _rendered(self, post: Post) -> Message | None:
        seen = await self.rollouts.load(post.rollout)
        if seen is None:
            return None
        shown = await self._worded(post, seen)
        return directly(shown, post, seen.plan) if shown and post.place is Place.DIRECT else shown

    async def _worded(self, post: Post, seen: Snapshot) -> Message | None:
        if post.topic == "card":
            now = self.clock.now()
            return card(seen, now, await self._ids(card_meanings(seen, now)))
        if post.topic == "request":
            return await self._request(post, seen)
        if post.topic not in set(Happened):
            return None
        asked = post.topic == Happened.APPROVAL_REMINDED and post.place is Place.THREAD
        guild = str(post.facts.get("guild") or "")
        called = (await self._marks(seen, {guild: 1})).get(guild, "") if asked else ""
        return note(post, seen, await self._ids(note_meanings(post, seen)), called)

    async def _request(self, post: Post, seen: Snapshot) -> Message:
        digest, attempt = str(post.facts.get("digest") or ""), int(post.facts.get("attempt") or 0)
        ids = await self._ids(request_meanings(seen, post.phase, digest, attempt))
        run = seen.rollout.run(post.phase)
        # In a conversation of two, a mention of the guild would call nobody.
        asked = run.quorum if run and post.place is not Place.DIRECT else None
        return request(seen, post.phase, ids, await self._marks(seen, asked), digest, attempt)

    async def _marks(self, seen: Snapshot, asked: Mapping[str, int] | None) -> dict[str, str]:
        if self.mentions is None:
            return {}
        guilds = {name: seen.plan.guilds[name] for name in asked or {} if name in seen.plan.guilds}
        try:
            return {name: await self.mentions(guild) for name, guild in guilds.items()}
        except Unreachable:
            return {}  # the handles in plain text are better than no request

    async def _ids(self, meanings: tuple[Meaning, ...]) -> Ids:
        return dict(zip(meanings, await self.buttons.ids(meanings), strict=True)) if meanings else {}

    async def _requests(self, channel: str) -> None:
        """Draw the requests again where the card was: their buttons go once they are decided."""
        for owed in [each for each in self._owed if each[0] == channel]:
            try:
                for row in await self.outbox.sent_posts(owed[1], "request"):
                    await self._request_again(row)
            except Paced as why:
                return self._pause(channel, why.seconds)
            except (NotSent, Unreachable) as why:
                _LOG.warning("a request could not be drawn again", rollout=owed[1], why=str(why))
                return self._pause(channel, 1)
            self._owed.discard(owed)
        return None

    async def _request_again(self, row: Queued) -> None:
        if row.post.place is Place.DIRECT:
            return  # it shows how things stood when it came; its buttons answer as they stand now
        message = await self._rendered(row.post)
        if message is None or self._shown.get(row.id) == message:
            return
        await self._pace(row.channel)
        try:
            await self.voice.update(row.channel, row.ts, message)
        except Refused as why:
            _LOG.warning("a request could not be drawn again", post=row.post.key, why=str(why))
        self._shown[row.id] = message

    def _of(self, channel: str) -> _Pace:
        real = self.clock.real()
        return self._paces.setdefault(channel, _Pace(BURST, real, real))

    def _paused(self, channel: str) -> bool:
        return self.clock.real() < self._of(channel).not_before

    def _pause(self, channel: str, seconds: float) -> None:
        self._of(channel).not_before = self.clock.real() + timedelta(seconds=seconds)

    async def _pace(self, channel: str) -> None:
        seconds = self._of(channel).wait(self.clock.real())
        if seconds > 0:
            await self.clock.sleep(seconds)
