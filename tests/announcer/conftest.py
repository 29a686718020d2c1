"""A channel in memory that can answer badly, and the twins of the ports around the announcer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.announcer import Announcer, Gone
from bot.domain.entries import Happened
from bot.domain.plan import Approvals, Guild, Phase, Plan, ResolvedPhase
from bot.domain.posts import Place, Post
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.ports import Queued, Snapshot
from bot.rehearsal.buttons import RehearsalButtons
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.pulse import RehearsalPulse
from bot.views.message import Message

NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)
DIGEST = "ab" * 32
CHANNEL = "#gitguard-rollout"


@dataclass
class Said:
    """One message as the channel has it."""

    ts: str
    channel: str
    message: Message
    thread: str | None
    key: str
    at: datetime


@dataclass
class Channel:
    """Plays Voice. `troubles` are met by the next calls of that name; `delivers` says that it came through anyway."""

    clock: RehearsalClock
    said: list[Said] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    troubles: dict[str, list[tuple[Exception, bool]]] = field(default_factory=dict)
    _count: int = 0

    def trouble(self, call: str, why: Exception, *, delivers: bool = False) -> None:
        self.troubles.setdefault(call, []).append((why, delivers))

    async def post(self, channel, message, thread_ts, metadata):
        key = metadata["event_payload"]["key"]
        self.calls.append(("post", key))
        why, delivers = (self.troubles.get("post") or [(None, True)]).pop(0)
        if why is None and thread_ts and not any(each.ts == thread_ts for each in self.said):
            raise Gone("thread_not_found")
        if delivers:
            self._count += 1
            self.said.append(Said(f"{self._count}.0", channel, message, thread_ts, key, self.clock.real()))
        if why:
            raise why
        return self.said[-1].ts

    async def update(self, channel, ts, message):
        self.calls.append(("update", ts))
        why, _ = (self.troubles.get("update") or [(None, True)]).pop(0)
        if why:
            raise why
        found = next((each for each in self.said if each.ts == ts), None)
        if found is None:
            raise Gone("message_not_found")
        found.message = message

    async def pin(self, channel, ts):
        self.calls.append(("pin", ts))
        why, _ = (self.troubles.get("pin") or [(None, True)]).pop(0)
        if why:
            raise why
        self.pinned.append(ts)

    def place(self, channel):
        return f"C-{channel}"

    async def history_has(self, channel, key, thread_ts):
        self.calls.append(("look", key))
        why, _ = (self.troubles.get("look") or [(None, True)]).pop(0)
        if why:
            raise why
        return next((each.ts for each in self.said if (each.key, each.thread) == (key, thread_ts)), None)

    @property
    def keys(self):
        return [each.key for each in self.said]


class Outbox(RehearsalOutbox):
    """The twin with the posts that were sent, by topic."""

    async def sent_posts(self, rollout: str, topic: str) -> tuple[Queued, ...]:
        rows = (row for row in self._rows.values() if (row.post.rollout, row.post.topic) == (rollout, topic))
        return tuple(row.queued for row in rows if row.ts)

    def state(self, key):
        row = self._rows[key]
        return row.state.value, row.why


@dataclass
class Rollouts:
    """Plays the one method of the store that the announcer calls."""

    seen: Snapshot

    async def load(self, name):
        return self.seen if name == self.seen.rollout.name else None


def snapshot(state=State.PROPOSED, name="gitguard-1", started_by=""):
    phase = Phase("canary", "Canary", "Publish for a tenth.", Approvals({"devops": 1}))
    plan = Plan("gitguard", "GitGuard", CHANNEL, {"devops": Guild("gg-devops", title="DevOps")}, "devops", {}, (phase,))
    run = PhaseRun(
        "canary", state, 1, DIGEST, "U0ENGINEER", started_by, datetime(2025, 9, 2, tzinfo=UTC), NOW, {"devops": 1}
    )
    copy = ResolvedPhase("gitguard", "GitGuard", "devops", plan.guilds, {}, phase, {})
    return Snapshot(Rollout(name, "gitguard", (run,), "U0ENGINEER", NOW), plan, {DIGEST: copy})


class Everybody:
    """Plays Addressed: everybody may be told, unless `no` says why not, or nobody can say."""

    def __init__(self) -> None:
        self.no = ""
        self.trouble: Exception | None = None

    async def unwanted(self, post: Post, seen: Snapshot) -> str:
        assert post.to
        assert post.rollout == seen.rollout.name
        if self.trouble:
            raise self.trouble
        return self.no


class World:
    """Everything that one test holds in its hands."""

    digest = DIGEST
    snapshot = staticmethod(snapshot)

    def __init__(self) -> None:
        self.clock = RehearsalClock(NOW)
        self.outbox = Outbox()
        self.rollouts = Rollouts(snapshot())
        self.buttons = RehearsalButtons()
        self.channel = Channel(self.clock)
        self.addressees = Everybody()
        self.announcer = self.fresh()

    def fresh(self, pulse=None, mentions=None) -> Announcer:
        """An announcer that remembers nothing, as after a restart."""
        pulse = pulse or RehearsalPulse()
        self.announcer = Announcer(
            self.outbox, self.rollouts, self.buttons, self.clock, self.channel, pulse, mentions, self.addressees
        )
        return self.announcer

    def put(self, *posts, channel=CHANNEL):
        self.outbox.put(posts, channel)

    def card(self):
        self.put(Post.card("gitguard-1"))

    def note(self, key, place=Place.THREAD, kind=Happened.PHASE_RESUMED, **facts):
        to = "U0OMAR" if place is Place.DIRECT else ""
        self.put(Post(key, "gitguard-1", place, kind.value, "canary", "U0ENGINEER", facts, to))

    def request(self):
        facts = {"digest": DIGEST, "attempt": 1}
        self.put(Post("request", "gitguard-1", Place.CHANNEL, "request", "canary", "U0ENGINEER", facts))

    async def settle(self, seconds=0.5, rounds=60):
        """Call the announcer as its loop does, until nothing waits."""
        for _ in range(rounds):
            await self.announcer.send_waiting()
            if not await self.outbox.waiting():
                return
            self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def world():
    return World()
