"""Commands and requests: done once under a key, and honest about what is unknown."""

import asyncio
from typing import get_args

import pytest
from aiohttp import web

from bot.actions import ACTIONS
from bot.domain.gates import Check
from bot.domain.probes import HttpProbe, HttpReads
from bot.domain.quantities import Span
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep, Step
from bot.ports import ActionFailed, Actions, Unreachable

KEY = "gitguard-1/staging/1/forward/2"


def test_every_kind_of_step_has_its_adapter() -> None:
    assert set(ACTIONS) == set(get_args(Step))


def test_the_hands_play_the_port(hands) -> None:
    port: Actions = hands
    assert callable(port.act)


def request(**more) -> HttpStep:
    known = {"key_header": "Idempotency-Key", "timeout": Span(seconds=1), **more}
    return HttpStep("http", "Send one event", "codex", "POST", "/codex/probe", **known)


@pytest.mark.parametrize(
    ("step", "repeatable"),
    [
        (FlagsStep("flags", "codex"), True),
        (DeployStep("deploy", "codex", ("x",), "1", "V"), True),
        (RevertStep("revert", "codex"), True),
        (request(), True),
        (request(key_header=None), False),
        (CommandStep("command", "x", ("x",)), False),
        (CommandStep("command", "x", ("x",), proof=(Check(probe=HttpProbe("http", "codex", "/")),)), False),
        (ByHandStep("by-hand", "x", "do it"), False),
    ],
)
def test_only_what_does_no_harm_twice_may_be_repeated_unseen(hands, step, repeatable) -> None:
    assert hands.repeatable(step) is repeatable


async def test_a_command_gets_its_key_and_says_what_ran(hands, target) -> None:
    note = target.script("import os, sys\nopen('ran', 'a').write(os.environ['ROLLOUT_EFFECT_KEY'] + ' ' + sys.argv[1])")
    step = CommandStep("command", "Note it", (note, "a b;c"), env={"A": "1"})
    at = target.phase(target.service(), step)
    assert await hands.seal(step, at) == {}
    assert await hands.act(step, at, KEY, {}) == f"ran {note} 'a b;c'"
    assert target.lines("ran") == [f"{KEY} a b;c"]
    assert (await hands.happened(step, at, KEY, {})).shown is None


async def test_a_command_is_proved_by_its_checks(hands, target) -> None:
    (target.root / "count").write_text("1")
    proof = (Check(probe=target.shows("count"), equals="1"), Check(probe=target.shows("count"), lacks="2"))
    step = CommandStep("command", "Count", ("sh",), proof=proof)
    at = target.phase(target.service(), step)
    assert (await hands.happened(step, at, KEY, {})).shown is True
    (target.root / "count").write_text("2")
    found = await hands.happened(step, at, KEY, {})
    assert (found.shown, "'2', wanted: equals 1" in found.says) == (False, True)
    (target.root / "count").unlink()
    assert (await hands.happened(step, at, KEY, {})).shown is None


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ("import sys\nsys.exit('no')", ActionFailed, "exit code 1: no"),
        ("import time\ntime.sleep(60)", Unreachable, "did not end within 0.2 s"),
    ],
)
async def test_a_command_that_fails_and_one_that_hangs(hands, target, body, error, says) -> None:
    step = CommandStep("command", "Try", (target.script(body),), timeout=Span(milliseconds=200))
    with pytest.raises(error, match=says):
        await hands.act(step, target.phase(target.service(), step), KEY, {})


async def test_a_request_carries_its_key_and_body(hands, target, serve) -> None:
    seen = []

    async def takes(asked: web.Request) -> web.Response:
        seen.append((asked.method, asked.path, asked.headers["Idempotency-Key"], await asked.json()))
        return web.json_response({})

    target.url = await serve(takes)
    step = request(body={"event": "probe"})
    said = await hands.act(step, target.phase(target.service(), step), KEY, {})
    assert seen == [("POST", "/codex/probe", KEY, {"event": "probe"})]
    assert said.endswith(": 200")


@pytest.mark.parametrize(
    ("status", "key_header", "error"),
    [
        (200, None, None),
        (204, None, None),
        (409, "Idempotency-Key", None),
        (409, None, ActionFailed),
        (400, "Idempotency-Key", ActionFailed),
        (404, None, ActionFailed),
        (429, None, ActionFailed),
        (302, None, ActionFailed),
        (500, None, Unreachable),
        (503, "Idempotency-Key", Unreachable),
    ],
)
async def test_the_status_says_whether_it_was_done(hands, target, serve, status, key_header, error) -> None:
    asked = []

    async def answers(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    target.url = await serve(answers)
    step = request(key_header=key_header)
    at = target.phase(target.service(), step)
    if error is None:
        assert str(status) in await hands.act(step, at, KEY, {})
    else:
        with pytest.raises(error, match=str(status)):
            await hands.act(step, at, KEY, {})
    assert asked == ["/codex/probe"]


async def test_a_lost_answer_is_unknown_and_a_refused_connection_is_not(hands, target, serve) -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def breaks(asked: web.Request) -> web.Response:
        assert asked.transport is not None
        asked.transport.close()
        return web.Response()

    step = request(timeout=Span(milliseconds=200))
    nobody = target.phase(target.service(), step)
    with pytest.raises(ActionFailed, match="nothing was sent"):
        await hands.act(step, nobody, KEY, {})
    for handler in (hangs, breaks):
        target.url = await serve(handler)
        with pytest.raises(Unreachable):
            await hands.act(step, target.phase(target.service(), step), KEY, {})


async def test_a_request_is_proved_by_its_checks(hands, target, serve) -> None:
    known = set()

    async def remembers(asked: web.Request) -> web.Response:
        if asked.method == "POST":
            known.add(asked.headers["Idempotency-Key"])
        return web.json_response({"known": len(known)})

    target.url = await serve(remembers)
    proof = Check(probe=HttpProbe("http", "codex", "/codex/known", HttpReads.JSON, "known"), equals=1)
    step = request(proof=(proof,))
    at = target.phase(target.service(), step)
    assert (await hands.happened(step, at, KEY, {})).shown is False
    await hands.act(step, at, KEY, {})
    await hands.act(step, at, KEY, {})
    assert (await hands.happened(step, at, KEY, {})).shown is True
    assert known == {KEY}


async def test_a_path_that_leads_elsewhere_is_never_requested(hands, target) -> None:
    step = HttpStep("http", "x", "codex", "POST", "//evil.example/x")
    with pytest.raises(ActionFailed, match="is not a path"):
        await hands.act(step, target.phase(target.service(), step), KEY, {})


async def test_what_is_done_by_hand_is_not_done_by_the_bot(hands, target) -> None:
    step = ByHandStep("by-hand", "Call them", "ring the desk")
    at = target.phase(target.service(), step)
    with pytest.raises(ActionFailed, match="ring the desk"):
        await hands.act(step, at, KEY, {})
    assert (await hands.happened(step, at, KEY, {})).shown is None
