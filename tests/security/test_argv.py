"""Argument vectors: whatever a plan puts into one arrives as it is, and nothing else runs."""

import asyncio
import os
from datetime import UTC, datetime

import pytest

from bot.actions.hands import ActionHands
from bot.domain.plan import Approvals, Guild, Phase, ResolvedPhase
from bot.domain.probes import CommandProbe
from bot.domain.quantities import Span
from bot.domain.steps import CommandStep, DeployStep, FlagsStep
from bot.domain.systems import Service
from bot.plans.loader import PlanError, load_text
from bot.ports import ActionFailed, Unreachable
from bot.probes.reader import ProbeReader
from bot.reach.subprocesses import Allowed
from bot.rehearsal.clock import RehearsalClock
from tests.security.changing import PLAN
from tests.security.counts import counted, dice
from tests.security.recorder import recorded, recorder_at

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
OWN = "tools/recorder"
CANARY = "owned"
ENVIRON = {"PATH", "HOME", "LANG", "LC_CTYPE", "PWD", "SHLVL", "_", "ROLLOUT_EFFECT_KEY", "NAME", "VERSION", "TOKEN"}


def payloads(random):
    touch = f"touch {CANARY}"
    shells = (
        f"; {touch}", f"&& {touch}", f"|| {touch}", f"| {touch}", f"& {touch}", f"$({touch})", f"`{touch}`",
        f"\n{touch}\n", f"\r\n{touch}", f"> {CANARY}", f">> {CANARY}", f"2>{CANARY}", f"<({touch})", f">({touch})",
        "${IFS}touch${IFS}" + CANARY, f"'; {touch}; '", f'"; {touch}; "', f"\\; {touch}", f"{{touch,{CANARY}}}",
        f"~/{CANARY}", f"$PWD/{CANARY}", f"${{x:=$({touch})}}", f"() {{ :;}}; {touch}", f"<<EOF\n{touch}\nEOF",
        f"$'\\n{touch}'", f"eval {touch}", f"a=b {touch}", f"!{touch}", f"^x^{touch}", f"%COMSPEC% /c {touch}",
        f"|{touch}|", f"'\"$({touch})\"'", f"\\`{touch}\\`", f"$(({touch}))", f"[[ $({touch}) ]]", f"\x1b]0;{touch}",
    )  # fmt: skip
    options = (
        "-c", f"-c{touch}", "--", "-", "---", f"--exec={touch}", f"-exec {touch} ;", f"-oProxyCommand={touch}",
        f"--checkpoint-action=exec={touch}", "--help", "--version", "-h", "-i", "-m", "-", f"-I{touch}", "@/etc/passwd",
        "--config=/etc/passwd", f"-e{touch}", "-u root", "--user=root", "-H unix:///x", "--context=other", "-F/x",
    )  # fmt: skip
    expansions = (
        "*", "?", "[a-z]*", "~", "~root", "$HOME", "${HOME}", "$$", "$?", "$0", "%PATH%", "{a,b}", "{1..9}", "../*",
        "{{ 7*7 }}", "{% x %}", "%s%s%n", "${{ x }}", "{0}", "%(key)s", "#{x}", "<% x %>", "\\x41", "\\u0041", "%0a",
        "+%", "$(<x)", "${jndi:ldap://x}", "NAME", "KEY=value", "=", "==", "a=", "=a", "ROLLOUT_EFFECT_KEY=mine",
    )  # fmt: skip
    odd = (
        "", " ", "\t", "\n", "\r", "\x01", "\x7f", "\u2028", "\u202e", "\ufeff", "\u200b", "🙂", "e\u0301", "\uffff",
        "\U0010ffff", "x" * 5_000, "ä" * 5_000, "-" * 1_000, "'" * 500, '"' * 500, "\\" * 500, "\x80", "\xff", " a ",
    )  # fmt: skip
    broken = ("\0", f"a\0{touch}", "\0\0", "\ud800", "a\udc80b", "x" * 200_000, "y" * 3_000_000)
    made = [*shells, *options, *expansions, *odd, *broken]
    glue = ("", " ", ";", "\n", "'", '"', "$", "=", "--", "/", "\\", ",", "|")
    while len(made) < 600:
        parts = random.sample(shells + options + expansions + odd[:18], 2)
        made.append(random.choice(glue).join(parts))
    return list(dict.fromkeys(made))


class Field:
    """A folder of plans with a recorder in it, hands that act and a reader that reads."""

    def __init__(self, root, secrets=()):
        self.root, self.notes = root / "plans", root / "notes"
        recorder_at(self.root / OWN, self.notes)
        (self.root / "target.env").write_text("KEY=old\n")
        self.allowed, clock = Allowed(frozenset({"printf"}), self.root), RehearsalClock()
        self.reader = ProbeReader(self.allowed, dict(secrets))
        self.hands = ActionHands(self.reader, clock, self.allowed, dict(secrets))

    def phase(self, *restart):
        return ResolvedPhase(
            plan="small",
            title="Small",
            run_by="devops",
            guilds={"devops": Guild(members=("U1",))},
            systems={"app": Service("service", "APP_URL", "APP_ENV", restart=restart)},
            phase=Phase("one", "One", "try", Approvals({"devops": 1})),
            rungs={},
            targets={"APP_URL": "http://127.0.0.1:9", "APP_ENV": str(self.root / "target.env")},
        )

    def everything(self):
        return {str(path.relative_to(self.root.parent)) for path in self.root.parent.rglob("*")}


LIMIT = Span(seconds=5)


async def as_command(field, text):
    step = CommandStep("command", "Run", (OWN, text, "end"), env={"NAME": "x"}, timeout=LIMIT)
    await field.hands.act(step, field.phase(), "key", {})
    return [text, "end"], {"NAME": "x"}


async def as_environment(field, text):
    step = CommandStep("command", "Run", (OWN,), env={"NAME": text}, timeout=LIMIT)
    await field.hands.act(step, field.phase(), "key", {})
    return [], {"NAME": text}


async def as_version(field, text):
    step = DeployStep("deploy", "app", (OWN, "up"), text, "VERSION", timeout=LIMIT)
    await field.hands.act(step, field.phase(), "key", {})
    return ["up"], {"VERSION": text}


async def as_probe(field, text):
    reading = await field.reader.read(CommandProbe("command", (OWN, text), text=True, timeout=LIMIT), field.phase(), AT)
    if reading.value is None:
        raise ActionFailed(reading.trouble)
    assert reading.value == "7"
    return [text], {}


async def as_restart(field, text):
    step = FlagsStep("flags", "app", sets={"KEY": "new"}, timeout=LIMIT)
    await field.hands.act(step, field.phase(OWN, text), "key", {})
    return [text], {}


async def as_secret(field, text):
    field = Field(field.root.parent, {"TOKEN": text})
    step = CommandStep("command", "Run", (OWN, "-"), secrets=("TOKEN",), timeout=LIMIT)
    await field.hands.act(step, field.phase(), "key", {})
    return ["-"], {"TOKEN": text}


WAYS = (as_command, as_environment, as_version, as_probe, as_restart, as_secret)


@counted(500)
async def test_nothing_but_the_vector_runs(tmp_path, cases, record_property):
    thrown, field = dice(), Field(tmp_path)
    (tmp_path / "notes").touch()
    before, exact, refused = field.everything(), 0, []
    for number, text in enumerate(thrown.spread(payloads(thrown.random), cases)):
        way = WAYS[number % len(WAYS)]
        try:
            argv, environ = await way(field, text)
        except (ActionFailed, Unreachable) as no:
            refused.append((text, str(no)))
            assert recorded(field.notes) == [], (thrown.seed, text)
        else:
            ((got, given),) = recorded(field.notes)
            assert got == argv, (thrown.seed, way.__name__, text)
            assert {key: given.get(key) for key in environ} == environ, (thrown.seed, way.__name__, text)
            assert given.keys() <= ENVIRON, (thrown.seed, given.keys())
            exact += 1
        field.notes.write_text("")
        assert field.everything() == before, (thrown.seed, way.__name__, text)
    # Only what no command can be given at all is refused.
    assert all("\0" in text or len(text) > 100_000 or _halves(text) for text, _ in refused), refused
    told = f"{exact} of {exact} vectors arrived to the byte, {len(refused)} that no command can take were refused"
    record_property("figure", f"{told}, 0 other files or variables; seed {thrown.seed}")


def _halves(text):
    return any("\ud800" <= sign <= "\udfff" for sign in text)


async def test_a_shell_would_have_been_seen(tmp_path):
    """The control: the same payloads through a shell do leave their canary, and the recorder sees other words."""
    field = Field(tmp_path)
    for text in (f"; touch {CANARY}", f"$(touch {CANARY})", f"`touch {CANARY}`", f"&& touch {CANARY}"):
        shell = await asyncio.create_subprocess_shell(f"{OWN} {text}", cwd=field.root, env=dict(os.environ))
        await shell.wait()
        assert (field.root / CANARY).exists(), text
        (field.root / CANARY).unlink()
    assert recorded(field.notes)[0][0] == []


@pytest.mark.parametrize(
    "argv",
    [
        "[sh, -c, x]",
        "[bash, -c, x]",
        "[/bin/sh, -c, x]",
        "[env, sh, -c, x]",
        "[busybox, sh, -c, x]",
        "[xargs, rm]",
        "[ash, -c, x]",
        "[tools/x.sh, '']",
    ],
)
def test_a_plan_names_no_shell(argv):
    text = PLAN.replace('argv: [tools/tell.sh, --loud, "@words.txt"]', f"argv: {argv}")
    if "tools/x.sh" in argv:
        assert load_text(text, "small.yml")
        return
    with pytest.raises(PlanError, match=r"shell|interpret"):
        load_text(text, "small.yml")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "A B", "A=B", "", "1A"])
async def test_no_variable_loads_code_into_a_command(tmp_path, name):
    field = Field(tmp_path)
    step = CommandStep("command", "Run", (OWN,), env={name: "x"}, timeout=LIMIT)
    with pytest.raises(ActionFailed, match="may not be given"):
        await field.hands.act(step, field.phase(), "key", {})
    assert recorded(field.notes) == []
