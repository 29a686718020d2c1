"""The HTTP line on a real port: who is let in, what health says, and what a standby answers."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.fairness import Fairness
from commands.slowing import SlowLane
from tests.security.signed import (
    Captured,
    House,
    Wire,
    as_form,
    as_json,
    clicked,
    house,
    mentioned,
    plan,
    sent,
    signed,
    typed,
)

OLD = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
async def standby(tmp_path: Path) -> AsyncIterator[House]:
    made = await house(tmp_path / "rollout.db", [plan()])
    yield made
    await made.stop()


@pytest.fixture
async def wire(standby: House) -> AsyncIterator[Wire]:
    made = Wire(standby.port)
    yield made
    await made.close()


async def get(wire: Wire, path: str) -> tuple[int, str]:
    answer: tuple[int, str] = await wire.send(Captured(b"", "text/plain", method="GET", path=path))
    return answer


async def test_a_standby_lives_and_is_not_ready_and_takes_nothing_in(standby: House, wire: Wire) -> None:
    assert await get(wire, "/healthz") == (200, "alive")
    assert await get(wire, "/readyz") == (503, "standby")
    assert await wire.send(typed("status", "t1")) == (503, "standby")
    assert (await wire.send(signed(b"command=x", secret=OLD)))[0] == 401
    await standby.act()
    assert await get(wire, "/readyz") == (200, "ready")
    status, body = await wire.send(typed("start staging", "t1"))
    assert status == 200
    assert "staging is proposed" in json.loads(body)["text"]
    standby.server.cut_off = True
    assert await get(wire, "/readyz") == (503, "database")
    standby.server.cut_off = False
    standby.server.shut()
    assert await wire.send(typed("status", "t2")) == (503, "standby")


async def test_there_is_nothing_else_here(wire: Wire) -> None:
    for path in ("/", "/slack", "/slack/events/", "/metrics", "/slack/events/../../etc/passwd"):
        assert (await get(wire, path))[0] == 404
    assert (await wire.send(Captured(b"", method="POST", path="/healthz")))[0] == 405


async def test_slacks_question_whether_we_are_there_is_answered_before_we_act(wire: Wire) -> None:
    asked = as_json({"type": "url_verification", "challenge": "3eZbrw1a"})
    assert await wire.send(asked) == (200, '{"challenge": "3eZbrw1a"}')


async def test_both_secrets_count_while_one_takes_the_place_of_the_other(standby: House, wire: Wire) -> None:
    await standby.act()
    body = typed("status", "t1").body
    assert (await wire.send(signed(body, secret=OLD)))[0] == 401
    standby.server.seal = type(standby.server.seal)((*standby.server.seal.secrets, OLD), standby.server.seal.real)
    assert (await wire.send(signed(body, secret=OLD)))[0] == 200
    assert (await wire.send(signed(body)))[0] == 200


async def test_every_kind_of_delivery_comes_in(standby: House, wire: Wire) -> None:
    await standby.act()
    for request in (
        typed("status", "t1"),
        as_form(clicked("status", "b", "t2") | {"response_url": "http://127.0.0.1:9/"}),
        as_form(sent("hold", "b", "t3")),
        as_json(mentioned("status", "Ev1")),
        as_json(mentioned("status", "Ev2") | {"event": {"type": "message", "channel": "C1"}}),
        as_form({"type": "view_closed", "team": {"id": "T0GITGUARD"}}),
    ):
        status, body = await wire.send(request)
        assert status == 200, body


async def test_another_workspace_and_another_app_are_kept_out(standby: House, wire: Wire) -> None:
    await standby.act()
    for other in ({"team_id": "T0ELSEWHERE"}, {"api_app_id": "A0ANOTHER"}):
        assert await wire.send(typed("status", "t1", **other)) == (403, "")


async def test_what_is_too_long_is_refused_before_it_is_read(wire: Wire) -> None:
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    status, _ = await wire.raw(head + b"Content-Length: 900000000\r\n\r\n")
    assert status == 413
    chunks = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    status, _ = await wire.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 17 + b"0\r\n\r\n")
    assert status == 413


async def test_a_delivery_in_pieces_is_as_good_as_one_in_one(standby: House, wire: Wire) -> None:
    await standby.act()
    request = typed("status", "t1")
    lines = [f"{name}: {value}\r\n" for name, value in request.headers]
    head = f"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: {request.kind}\r\n{''.join(lines)}"
    chunked = b"".join(b"%x\r\n%s\r\n" % (1, request.body[at : at + 1]) for at in range(len(request.body)))
    status, _ = await wire.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunked + b"0\r\n\r\n")
    assert status == 200


async def test_who_asks_too_fast_is_told_so_and_nobody_else_is(standby: House, wire: Wire) -> None:
    await standby.act(Fairness(time.monotonic, burst=3, rate=0.001))
    said = [(await wire.send(typed("status", f"t{number}")))[1] for number in range(5)]
    assert [("faster than I can answer" in each) for each in said] == [False] * 3 + [True] * 2
    form = json.loads((await wire.send(as_form(sent("hold", "b", "t9"))))[1])
    assert "faster" in form["errors"]["reason"]
    assert (await wire.send(as_form(clicked("hold", "b", "t10"))))[0] == 429
    other = (await wire.send(typed("status", "t11", user="U0DEVOPS")))[1]
    assert "faster" not in other


def test_a_bucket_fills_again_and_only_so_many_are_inside() -> None:
    now = 0.0
    fairness = Fairness(lambda: now, burst=2, rate=1, inside=2)
    assert [fairness.enter("ann") for _ in range(3)] == [True, True, False]
    now = 10.0
    assert not fairness.enter("ann")
    fairness.leave("ann")
    assert fairness.enter("ann")
    for number in range(6000):
        assert fairness.enter(f"p{number}")
        fairness.leave(f"p{number}")
        now += 1.0
    assert len(fairness._buckets) <= 5001


async def test_the_slow_lane_keeps_its_pace_and_lets_go_of_whoever_would_wait_too_long() -> None:
    now, slept = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    lane = SlowLane(sleep, lambda: now, rate=10, burst=5, most=1.0)
    now = 100.0
    for _ in range(30):
        await lane.wait()
    assert len(slept) == 10
    assert slept == pytest.approx([0.1 * place for place in range(1, 11)])
