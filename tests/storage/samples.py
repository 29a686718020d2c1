"""Samples: a small plan, its resolved phase, and the changes that the storage tests write."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.bounds import Alarm
from bot.domain.entries import Entry, Happened
from bot.domain.gates import Gate
from bot.domain.plan import Approvals, Guild, Phase, Plan, ResolvedPhase, Soak
from bot.domain.posts import Place, Post
from bot.domain.probes import PrometheusProbe
from bot.domain.quantities import Quantity, Span
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.domain.steps import FlagsStep, Rung
from bot.domain.systems import Service
from bot.domain.timers import Timer, TimerKind
from bot.plans.canonical import digest
from bot.ports import Change, Snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

GATE = Gate(
    gate="error-rate",
    title="Errors",
    probe=PrometheusProbe("prometheus", "metrics", "sum(errors)"),
    at_most=Quantity.parse("5%"),
    alarm=Alarm(above=Quantity.parse("7.5%")),
    every=Span(seconds=30, microseconds=7),
)
PHASE = Phase(
    "staging",
    "Staging",
    "see it run",
    Approvals({"devops": 1}, Span(hours=24)),
    soak=Soak(Span(hours=24), Span(hours=48)),
    steps=(FlagsStep("flags", "codex"),),
    gates=(GATE,),
    rollback=("off",),
)
GUILDS = {"devops": Guild(members=("U1", "U2"))}
SYSTEMS = {"codex": Service("service", "CODEX_URL", restart=("systemctl", "restart", "codex"))}
RUNGS = {"off": Rung("Off", (FlagsStep("flags", "codex", sets={"PUBLISH": "off"}),))}
PLAN = Plan("gitguard", "GitGuard", "#gitguard-rollout", GUILDS, "devops", dict(SYSTEMS), (PHASE,), RUNGS)
RESOLVED = ResolvedPhase("gitguard", "GitGuard", "devops", GUILDS, dict(SYSTEMS), PHASE, RUNGS, {"a.env": "A=1\n"})
DIGEST = digest(RESOLVED)


@dataclass
class HandClock:
    """Both times stand where the test puts them."""

    moment: datetime = NOW
    wall: datetime = field(default=NOW + timedelta(days=100))

    def now(self) -> datetime:
        return self.moment

    def real(self) -> datetime:
        return self.wall

    async def sleep(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


def entry(kind: Happened = Happened.PHASE_PROPOSED, **facts: object) -> Entry:
    return Entry(kind, "U1", "staging", facts)


def opening(name: str) -> Change:
    rollout = Rollout(name, name.rpartition("-")[0], (PhaseRun("staging"),), "U1", NOW)
    return Change(rollout, entries=(entry(Happened.ROLLOUT_OPENED),), posts=(Post.card(name),))


def proposing(snapshot: Snapshot) -> Change:
    """A change with one of everything that is usual."""
    before = snapshot.rollout
    run = replace(before.phases[0], state=State.PROPOSED, attempt=1, digest=DIGEST, changed_at=NOW)
    after = before.with_run(run)
    said = entry(version=after.version)
    return Change(
        after,
        entries=(said,),
        copies=(RESOLVED,),
        timers=(timer(f"{after.name}/staging/1/expiry", after.name),),
        posts=(Post.card(after.name), Post.of(after.name, f"{after.name}/{after.version}", said, Place.THREAD)),
    )


def closing(snapshot: Snapshot) -> Change:
    after = replace(snapshot.rollout, version=snapshot.rollout.version + 1, closed_at=NOW)
    return Change(after, entries=(entry(Happened.ROLLOUT_CLOSED),))


def timer(
    key: str, rollout: str = "gitguard-1", at: datetime = NOW, kind: TimerKind = TimerKind.APPROVAL_EXPIRY
) -> Timer:
    return Timer(key, kind, at, rollout, "staging", 1, "x")


HOUSE_ENTRY = Entry(Happened.BOT_RESTARTED, "clockwork")
