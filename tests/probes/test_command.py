"""The command probe: an exit code, a value in JSON, or a text."""

import time

import pytest

from bot.domain.probes import CommandProbe
from bot.domain.quantities import Span

HERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("body", "options", "value"),
    [
        ("raise SystemExit(0)", {}, 0),
        ("raise SystemExit(3)", {}, 3),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", {}, -9),
        ("print('  1.4.0\\n')", {"text": True}, "1.4.0"),
        ('print(\'{"a": {"b": 2.5}}\')', {"path": "a.b"}, 2.5),
        ("import os\nprint(os.environ['A'])", {"text": True, "env": {"A": "x"}}, "x"),
        ("print('x' * 200000)", {}, 0),
    ],
)
async def test_a_command_reads_as_its_plan_says(ask, phase, script, body, options, value) -> None:
    reading = await ask(CommandProbe("command", (script(body),), **options), phase(HERE))
    assert (reading.value, reading.trouble) == (value, "")


@pytest.mark.parametrize(
    ("body", "options", "says"),
    [
        ("print('{}')", {"path": "a"}, "nothing at a"),
        ("print('no')", {"path": "a"}, "JSON"),
        ("import sys\nsys.exit('it broke')", {"path": "a"}, "exit code 1: it broke"),
        ("raise SystemExit(2)", {"text": True}, "exit code 2: it said nothing"),
        ("print('x' * 200000)", {"text": True}, "more than is read"),
        ("pass", {"secrets": ("ABSENT",)}, "ABSENT is not set"),
        ("pass", {"env": {"LD_PRELOAD": "x"}}, "may not be given"),
    ],
)
async def test_what_a_command_does_not_say_is_no_reading(ask, phase, script, body, options, says) -> None:
    reading = await ask(CommandProbe("command", (script(body),), **options), phase(HERE))
    assert reading.value is None
    assert says in reading.trouble


async def test_a_command_that_hangs_is_no_reading(ask, phase, script) -> None:
    begun = time.monotonic()
    probe = CommandProbe("command", (script("import time\ntime.sleep(60)"),), timeout=Span(milliseconds=200))
    reading = await ask(probe, phase(HERE))
    assert (reading.value, time.monotonic() - begun < 2) == (None, True)
    assert "did not end within 0.2 s" in reading.trouble


async def test_a_command_that_is_not_allowed_is_no_reading(ask, phase) -> None:
    reading = await ask(CommandProbe("command", ("rm", "-rf", "x")), phase(HERE))
    assert (reading.value, "not among the allowed" in reading.trouble) == (None, True)


async def test_a_secret_reaches_the_command_and_nobody_else(ask, phase, script) -> None:
    body = "import os, sys\ns = os.environ['T']\nprint(len(s), s)\nif s != 'hunter2': sys.exit(9)"
    probe = CommandProbe("command", (script(body),), secrets=("T",), text=True)
    reading = await ask(probe, phase(HERE), {"T": "hunter2", "OTHER": "x"})
    assert reading.value == "7 •••"
    failing = CommandProbe("command", (script("import os, sys\nsys.exit(os.environ['T'])"),), secrets=("T",), text=True)
    trouble = (await ask(failing, phase(HERE), {"T": "hunter2"})).trouble
    assert trouble.endswith("exit code 1: •••")


async def test_the_source_is_the_command_as_one_would_type_it(ask, phase) -> None:
    reading = await ask(CommandProbe("command", ("sh", "-c", "exit 0")), phase(HERE))
    assert reading.source == "sh -c 'exit 0', exit code"
