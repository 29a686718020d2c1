"""One small plan and one rollout of it, in whatever state a test asks for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.approvals import Approval
from bot.domain.board import Board, Soaked, Standing
from bot.domain.gates import Gate, When
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.plan import Approvals, Guild, Phase, Plan, Repositories, ResolvedPhase, Soak, Task
from bot.domain.probes import AttestProbe, HttpProbe, Later
from bot.domain.quantities import Quantity, Span
from bot.domain.rollout import Hold, PhaseRun, Rollout, State
from bot.domain.steps import ByHandStep, DeployStep, FlagsStep, Rung
from bot.domain.verdicts import Outcome, Reading, Verdict
from bot.ports import Snapshot

NOW = datetime(2025, 9, 1, 12, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4
EVIL = "<!channel> <@U0EVIL> <https://evil.example|click> *& `x` \n• fake line \u202e"


def gates(text: str = "", number: int = 3) -> tuple[Gate, ...]:
    probe = HttpProbe("http", "codex", "/health")
    measured = tuple(
        Gate(probe=probe, gate=f"gate-{each}{text}", title=f"Gate {each}{text}", at_most=Quantity.parse("5%"))
        for each in range(number)
    )
    word = AttestProbe("attest", f"Was it looked at?{text}", "devops", Later.DRILLS)
    return (
        *measured,
        Gate(probe=word, gate="looked-at", title="Looked at", when=(When.EXIT,), waivable=True, assumed=text or None),
    )


def phase(name: str = "canary", text: str = "", number: int = 3) -> Phase:
    return Phase(
        name,
        f"Canary Deployment{text}",
        f"Publish for a tenth.{text}",
        Approvals({"devops": 1, "security": 1}),
        after="staging" if name == "canary" else None,
        env="canary.env",
        repos=Repositories("KEY", only=("one/a", f"one/b{text}"), why=text),
        steps=(
            FlagsStep("flags", "codex", title=f"Load{text}"),
            DeployStep("deploy", "codex", ("compose", "up", f"x{text}"), "1.5.0", "TAG", title="Deploy"),
            ByHandStep("by-hand", f"Look{text}", f"Look at it{text}"),
        ),
        soak=Soak(Span(hours=24), Span(hours=48), assumed=text or None),
        gates=gates(text, number),
        rollback=("off", "replay"),
        tasks=(Task("tell", f"Tell people{text}", "devops", Span(hours=24)),),
    )


def plan(text: str = "", number: int = 3) -> Plan:
    return Plan(
        "gitguard",
        f"GitGuard{text}",
        "#gitguard-rollout",
        {
            "devops": Guild("gitguard-devops", title=f"DevOps{text}"),
            "security": Guild(members=("U0SEC1", "U0SEC2"), title=f"Security{text}"),
        },
        "devops",
        {},
        (phase("staging", text, 1), phase("canary", text, number)),
        {
            "off": Rung(f"Publishing off{text}", (), cannot_bring_back=f"Pages stay.{text}"),
            "replay": Rung("Replay", ()),
        },
    )


def resolved(text: str = "", number: int = 3) -> ResolvedPhase:
    whole = plan(text, number)
    return ResolvedPhase(
        whole.name,
        whole.title,
        whole.run_by,
        whole.guilds,
        {},
        whole.phases[1],
        whole.rungs,
        {"canary.env": "# x\nA=1\nB=2\n"},
    )


def standing(gate: Gate, outcome: Outcome, text: str = "", age: int = 1) -> Standing:
    reading = Reading(0.01, NOW - timedelta(minutes=age), f"codex (h:1){text}", 40)
    verdict = Verdict(outcome, f"1%, at most 5%{text}", reading, NOW + timedelta(minutes=5 - age))
    return Standing("canary", 1, gate.name, verdict)


def snapshot(
    state: State = State.SOAKING, *, held: bool = False, text: str = "", number: int = 3, **fields
) -> Snapshot:
    fresh = state is State.PENDING
    run = PhaseRun(
        "canary",
        state,
        attempt=0 if fresh else 1,
        digest="" if fresh else DIGEST,
        requested_by="U0ENGINEER",
        started_by="" if state is State.PROPOSED else "U0RUNNER",
        expires_at=NOW + timedelta(hours=20),
        changed_at=NOW - timedelta(hours=2),
        quorum={"devops": 1, "security": 1},
        applied_at=NOW - timedelta(hours=2),
        approvals=(Approval("U0SEC1", f"Ada{text}", "security", NOW, DIGEST),),
        hold=Hold(f"looks odd{text}", "U0HOLDER", NOW) if held else None,
        locked=f"it failed{text}" if state in {State.ABORTED, State.ROLLED_BACK, State.ROLLING_BACK} else "",
    )
    run = replace(run, **fields)
    whole = plan(text, number)
    rollout = Rollout("gitguard-1", "gitguard", (PhaseRun("staging", State.PASSED, 1), run), "U0ENGINEER", NOW)
    outcomes = [Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE]
    measured = [gate for gate in whole.phases[1].gates if not gate.attested]
    board = Board(
        tuple(standing(gate, outcomes[each % 4], text) for each, gate in enumerate(measured)),
        (Soaked("canary", 1, timedelta(hours=6)),),
    )
    back = state is State.ROLLING_BACK
    ladder = Ladder.BACK if back else Ladder.FORWARD
    intents = tuple(
        Intent("gitguard-1", "canary", 1, ladder, order, f"Step {order}{text}", stage=stage, says=f"said{text}")
        for order, stage in enumerate(Stage)
    )
    return Snapshot(rollout, whole, {DIGEST: resolved(text, number)}, board, intents)


@pytest.fixture
def world():
    """The builders, since test folders are no packages."""

    class World:
        now, digest, evil = NOW, DIGEST, EVIL
        snapshot = staticmethod(snapshot)
        plan = staticmethod(plan)
        resolved = staticmethod(resolved)
        standing = staticmethod(standing)

        @staticmethod
        def strings(part):
            """Every text inside a message, a block or a form."""
            if isinstance(part, str):
                return [part]
            inside = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
            return [text for each in inside for text in World.strings(each)]

        @staticmethod
        def ids(meanings):
            return {each: f"id-{number}" for number, each in enumerate(meanings)}

    return World
