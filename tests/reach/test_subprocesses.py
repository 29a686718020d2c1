"""Running argument vectors: nothing but the vector runs, and nothing that it does can hold the bot up."""

import asyncio
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.reach.subprocesses import CAP, Allowed, NotRun, run, shown

SECOND = timedelta(seconds=1)
PIDS = "import os; open({path!r}, 'a').write(str(os.getpid()) + ' ')\n"

PAYLOADS = [
    "; touch owned", "&& touch owned", "|| touch owned", "| touch owned", "& touch owned", "$(touch owned)",
    "`touch owned`", "\ntouch owned\n", "\r\ntouch owned", "> owned", ">> owned", "< owned", "2> owned", "&> owned",
    "<(touch owned)", ">(touch owned)", "${IFS}touch${IFS}owned", "$IFS;touch owned", "'; touch owned; '",
    '"; touch owned; "', "\\; touch owned", "*; touch owned", "{touch,owned}", "~/owned", "$HOME/owned",
    "!touch owned", "#; touch owned", "%0atouch owned", "$((1+1)); touch owned", "${x:=$(touch owned)}",
    "-c touch owned", "--; touch owned", "-exec touch owned ;", "; touch owned #", "'$(touch owned)'",
    '"$(touch owned)"', "\u2028touch owned", "\x1b[2J; touch owned", "a=b touch owned", "() { :;}; touch owned",
    "$'\\ntouch owned'", "eval touch owned", "exec touch owned", ". ./owned", "source owned", "\ttouch owned",
    "touch owned;", "(touch owned)", "{ touch owned; }", "if true; then touch owned; fi", "touch owned &",
    "\\$(touch owned)", "<<EOF\ntouch owned\nEOF", "; ; touch owned", "🙂; touch owned",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_a_plan_says_is_an_argument_and_never_a_command(tmp_path: Path, payload: str) -> None:
    allowed = Allowed(frozenset({"printf"}), tmp_path)
    ran = await run(("printf", "%s|", payload, "end"), allowed=allowed, timeout=SECOND)
    assert (ran.exit, ran.stdout) == (0, f"{payload}|end|")
    assert list(tmp_path.iterdir()) == []


def test_there_are_at_least_fifty_payloads() -> None:
    assert len(set(PAYLOADS)) >= 50


@pytest.mark.parametrize(
    "executable",
    ["sh", "bash", "touch", "./absent", "../outside", "/bin/sh", "sub/../../outside", "./link", ".", "", "PRINTF"],
)
async def test_what_is_not_allowed_does_not_run(tmp_path: Path, executable: str) -> None:
    root = tmp_path / "plans"
    root.mkdir()
    (tmp_path / "outside").write_text("#!/bin/sh\ntouch owned\n")
    (tmp_path / "outside").chmod(0o755)
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(NotRun):
        await run((executable, "-c", "touch owned"), allowed=Allowed(frozenset({"printf"}), root), timeout=SECOND)
    assert not list(tmp_path.rglob("owned"))


async def test_a_path_listed_in_full_and_a_script_of_the_plans_may_run(tmp_path: Path) -> None:
    script = tmp_path / "say.sh"
    script.write_text("#!/bin/sh\npwd\n")
    script.chmod(0o755)
    allowed = Allowed(frozenset({"/bin/echo"}), tmp_path)
    assert (await run(("/bin/echo", "here"), allowed=allowed, timeout=SECOND)).stdout == "here\n"
    assert (await run(("./say.sh",), allowed=allowed, timeout=SECOND)).stdout.strip() == str(tmp_path)


async def test_a_relative_path_needs_a_folder() -> None:
    with pytest.raises(NotRun, match="no folder"):
        await run(("./say.sh",), allowed=Allowed(frozenset()), timeout=SECOND)


async def test_a_file_that_cannot_be_executed_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    with pytest.raises(NotRun, match="could not be started: Permission denied"):
        await run(("./plain",), allowed=Allowed(frozenset(), tmp_path), timeout=SECOND)


@pytest.mark.parametrize("name", ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "A B", "1A", "", "A=B"])
async def test_a_variable_that_loads_code_or_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotRun, match="may not be given"):
        await run(("env",), allowed=Allowed(frozenset({"env"}), tmp_path), timeout=SECOND, env={name: "x"})


async def test_a_command_sees_few_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    ran = await run(
        ("env",),
        allowed=Allowed(frozenset({"env"}), tmp_path),
        timeout=SECOND,
        env={"A": "1"},
        secrets={"T": "hunter2"},
    )
    names = {line.partition("=")[0] for line in ran.stdout.splitlines()}
    assert {"A", "T", "PATH"} <= names <= {"A", "T", "PATH", "HOME", "LANG"}
    assert "hunter2" not in ran.stdout
    assert "T=•••" in ran.stdout


async def test_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="NUL"):
        await run(("env", "a\0b"), allowed=Allowed(frozenset({"env"}), tmp_path), timeout=SECOND)


async def test_a_command_reads_nothing(tmp_path: Path) -> None:
    ran = await run(("cat",), allowed=Allowed(frozenset({"cat"}), tmp_path), timeout=SECOND)
    assert (ran.exit, ran.stdout) == (0, "")


async def test_a_child_that_ignores_the_first_signal_is_ended(script, allowed: Allowed) -> None:
    stubborn = script("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)")
    begun = time.monotonic()
    ran = await run((stubborn,), allowed=allowed, timeout=SECOND / 5, grace=SECOND / 5)
    assert time.monotonic() - begun < 1.5
    assert ran.exit is None


async def test_a_timeout_ends_the_whole_group(script, allowed: Allowed, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    family = script(
        f"{PIDS.format(path=str(pids))}import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"if os.fork() == 0:\n    {PIDS.format(path=str(pids))}    time.sleep(60)\ntime.sleep(60)"
    )
    ran = await run((family,), allowed=allowed, timeout=SECOND / 2, grace=SECOND / 10)
    assert ran.exit is None
    assert [pid for pid in await settled(pids, 2) if await alive_after_a_while(pid)] == []


async def test_a_grandchild_that_keeps_the_pipe_is_not_waited_for(script, allowed: Allowed, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    parent = script(
        f"import os, time\nif os.fork() == 0:\n    {PIDS.format(path=str(pids))}    time.sleep(60)\n"
        f"while not (os.path.exists({str(pids)!r}) and os.path.getsize({str(pids)!r})): pass\n"
        "print('done', flush=True)\nos._exit(3)"
    )
    begun = time.monotonic()
    ran = await run((parent,), allowed=allowed, timeout=SECOND * 20)
    assert time.monotonic() - begun < 2
    assert (ran.exit, ran.stdout) == (3, "done\n")
    assert [pid for pid in await settled(pids, 1) if await alive_after_a_while(pid)] == []


async def test_a_restarted_daemon_is_left_alone(script, allowed: Allowed, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    parent = script(
        f"import os, time\nif os.fork() == 0:\n    {PIDS.format(path=str(pids))}    time.sleep(60)\n"
        f"while not (os.path.exists({str(pids)!r}) and os.path.getsize({str(pids)!r})): pass"
    )
    begun = time.monotonic()
    ran = await run((parent,), allowed=allowed, timeout=SECOND * 20, linger=True)
    (daemon,) = await settled(pids, 1)
    try:
        assert (ran.exit, alive(daemon), time.monotonic() - begun < 2) == (0, True, True)
    finally:
        os.kill(daemon, signal.SIGKILL)


async def test_ten_megabytes_are_read_to_the_end_and_cut(script, allowed: Allowed) -> None:
    flood = script("import sys\nfor _ in range(160): sys.stdout.write('x' * 65536); sys.stderr.write('y' * 1024)")
    ran = await run((flood,), allowed=allowed, timeout=SECOND * 10)
    assert (ran.exit, ran.cut, len(ran.stdout), len(ran.stderr)) == (0, True, CAP, CAP)


async def test_the_loop_stays_awake_while_a_command_floods(script, allowed: Allowed) -> None:
    flood = script("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    running = asyncio.create_task(run((flood,), allowed=allowed, timeout=SECOND / 2, grace=SECOND / 10))
    longest, last = 0.0, time.monotonic()
    while not running.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert running.result().exit is None
    assert longest < 0.3


async def test_a_cancelled_caller_leaves_no_command_behind(script, allowed: Allowed, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    sleeper = script(f"{PIDS.format(path=str(pids))}import time\ntime.sleep(60)")
    running = asyncio.create_task(run((sleeper,), allowed=allowed, timeout=SECOND * 20))
    (pid,) = await settled(pids, 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not await alive_after_a_while(pid)


@pytest.mark.parametrize("secret", ["hunter2", 'qu"ote\\d', "with space", "multi\nline-secret\nvalue", "ü-übergeheim"])
async def test_a_secret_never_comes_back_in_any_form(script, allowed: Allowed, secret: str) -> None:
    leak = script(
        "import base64, json, os, sys, urllib.parse\ns = os.environ['T']\n"
        "print(s, repr(s), json.dumps(s), urllib.parse.quote(s, safe=''), base64.b64encode(s.encode()).decode())\n"
        "print('x' + s + s, file=sys.stderr)"
    )
    ran = await run((leak,), allowed=allowed, timeout=SECOND * 5, secrets={"T": secret})
    assert ran.exit == 0
    for part in (secret, *secret.split("\n")):
        assert part not in ran.stdout + ran.stderr + repr(ran)
    assert ran.stderr == "x••••••\n"


@pytest.mark.parametrize("before", range(CAP - 9, CAP + 2))
async def test_no_half_of_a_secret_is_left_at_the_cap(script, allowed: Allowed, before: int) -> None:
    leak = script(f"import os\nprint('.' * {before} + os.environ['T'] * 3)")
    ran = await run((leak,), allowed=allowed, timeout=SECOND * 5, secrets={"T": "hunter2"})
    assert set(ran.stdout) <= {".", "•"}
    assert ran.cut


def test_a_command_is_shown_without_user_and_password() -> None:
    assert shown(("curl", "https://bot:hunter2@host/x y")) == "curl 'https://•••@host/x y'"


async def settled(pids: Path, count: int) -> list[int]:
    """The process ids that were written, once there are so many."""
    for _ in range(200):
        found = pids.read_text().split() if pids.exists() else []
        if len(found) >= count:
            return [int(pid) for pid in found]
        await asyncio.sleep(0.01)
    raise AssertionError("the processes did not start")


async def alive_after_a_while(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return False
        await asyncio.sleep(0.01)
    return True


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
