"""A small rollout on its twins, and the way to walk it."""

from dataclasses import replace

import pytest

from bot.domain.gates import Check, Gate, OnFail, When
from bot.domain.people import Person
from bot.domain.plan import Approvals, Guild, Phase, Plan, Soak
from bot.domain.probes import AttestProbe, HttpProbe, Later, PrometheusProbe
from bot.domain.quantities import Quantity, Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep, Rung
from bot.domain.systems import Prometheus, Service
from bot.rehearsal.walk import stage_for
from bot.workflows.recovery import Recovery

HEALTH = HttpProbe("http", "codex", "/health")


def quantity(text):
    return Quantity.parse(text)


def error_rate(**fields):
    probe = PrometheusProbe("prometheus", "metrics", "errors", "events")
    base = {"gate": "error-rate", "title": "Errors", "probe": probe, "under": quantity("5%"), "min_samples": 10}
    return Gate(**{**base, "on_fail": OnFail.ROLL_BACK, "waivable": True, **fields})


def small_plan():
    flags = FlagsStep("flags", "codex", "Load the configuration", proof=(Check(probe=HEALTH, equals=200),))
    deploy = DeployStep("deploy", "codex", ("docker", "up"), "1.5.0", "TAG", "Deploy 1.5.0")
    notify = HttpStep("http", "Tell the service", "codex", "POST", "/codex/probe", "Idempotency-Key")
    attest = AttestProbe("attest", "Is it well?", "devops", Later.DRILLS)
    gates = (
        error_rate(),
        Gate(gate="health", title="Health", probe=HEALTH, equals=200, on_fail=OnFail.HOLD, patience=3),
        Gate(gate="looked-at", title="Looked at", probe=attest, when=(When.EXIT,), valid_for=Span(hours=200)),
    )
    staging = Phase(
        "staging", "Staging", "to build", Approvals({"devops": 1, "security": 1}), env="staging.env",
        steps=(flags, deploy, notify), soak=Soak(Span(hours=4), Span(hours=24)), gates=gates,
        rollback=("off", "replay", "revert"),
    )  # fmt: skip
    canary = replace(staging, phase="canary", title="Canary", after="staging")
    rungs = {
        "off": Rung(
            "Switch off",
            (FlagsStep("flags", "codex", "Switch off", sets={"ON": "false"}),),
            (Check(probe=HEALTH, equals=200),),
            cannot_bring_back="what was published",
        ),
        "replay": Rung("Replay", (ByHandStep("by-hand", "Replay events", "Replay them.", Later.JETSTREAM),)),
        "revert": Rung("Revert", (RevertStep("revert", "codex", "Deploy the old version"),)),
    }
    systems = {"codex": Service("service", "CODEX_URL"), "metrics": Prometheus("prometheus", "PROMETHEUS_URL")}
    guilds = {"devops": Guild(title="DevOps"), "security": Guild(title="Security")}
    return Plan("small", "Small", "#small", guilds, "devops", systems, (staging, canary), rungs)


class Walker:
    """A person's hands on a stage."""

    def __init__(self, plan, root):
        self.said = []
        self.plan = plan
        self.stage = stage_for(plan, root, self.said.append)
        self.shelf = self.stage.proposals.shelf
        self.people = self.stage.people
        self.runner = self.people["runner"]

    async def seen(self):
        return await self.stage.seen()

    async def run(self, phase="staging"):
        return (await self.seen()).rollout.run(phase)

    async def start(self, phase="staging", by=None):
        return await self.stage.proposals.start(self.plan, phase, by or self.runner)

    async def approve(self, phase="staging", guilds=("devops", "security")):
        name = (await self.seen()).rollout.name
        for guild in guilds:
            answer = await self.stage.proposals.approve(name, phase, guild, "", self.people[f"{guild}-0"])
            assert not isinstance(answer, Refusal), answer

    async def begun(self, phase="staging"):
        """Proposed, approved, started; nothing done yet."""
        await self.start(phase)
        await self.approve(phase)
        return await self.start(phase)

    async def work(self):
        name = (await self.seen()).rollout.name
        while await self.stage.effects.advance(name):
            continue

    async def applied(self, phase="staging"):
        await self.begun(phase)
        await self.work()
        assert (await self.run(phase)).state is State.SOAKING

    async def attest(self, phase="staging"):
        name = (await self.seen()).rollout.name
        person = self.people["devops-0"]
        return await self.stage.gates.attest(name, phase, ["looked-at"], "looks well", person)

    async def pass_time(self, span, step=Span(minutes=1)):
        """Let the clock run in small steps and fire what is due."""
        passed = Span()
        while passed < span:
            await self.stage.firing.sweep()
            self.stage.clock.advance(step)
            passed = Span.of(passed + step)
        await self.stage.firing.sweep()

    async def kinds(self):
        name = (await self.seen()).rollout.name
        ledger = self.stage.rollouts._ledger
        return [chained.entry.kind for chained in await ledger.entries(f"rollout/{name}")]

    async def restarted(self):
        await Recovery(self.stage.rollouts).announce("again")


@pytest.fixture
def walker(tmp_path):
    (tmp_path / "staging.env").write_text("ON=true\n")
    return Walker(small_plan(), tmp_path)


@pytest.fixture
def stranger():
    return Person("U-STRANGER", "a stranger")


COMMAND = CommandStep("command", "Run once", ("docker", "run"))
