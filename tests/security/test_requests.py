"""Requests: what Slack did not sign just now is never let in, never a server's error, and writes nothing."""

import json
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tests.security.counts import counted, dice
from tests.security.signed import (
    FORM,
    JSON,
    TEAM,
    Counted,
    Wire,
    acting,
    as_form,
    as_json,
    clicked,
    command,
    mentioned,
    plan,
    rows,
    sent,
    signed,
    typed,
)

STAMP, MARK = "X-Slack-Request-Timestamp", "X-Slack-Signature"


def valid(number):
    """What would be let in: each changes something when it is."""
    return [
        typed("start staging", f"c{number}"),
        typed("hold it looks odd", f"h{number}"),
        as_form(clicked("hold", "some-button", f"k{number}")),
        as_form(sent("hold", "some-button", f"s{number}")),
        as_json(mentioned("start staging", f"Ev{number}")),
    ]


def in_the_body(request, random):
    raw = bytearray(request.body)
    place = random.randrange(len(raw))
    how = random.choice(("flip", "insert", "delete", "swap"))
    if how == "flip":
        raw[place] ^= 1 << random.randrange(8)
    elif how == "insert":
        raw.insert(place, random.randrange(256))
    elif how == "delete":
        del raw[place]
    else:
        raw[place], raw[place - 1] = raw[place - 1], raw[place]
    return None if bytes(raw) == request.body else replace(request, body=bytes(raw))


def truncated(request, random):
    return replace(request, body=request.body[: random.randrange(len(request.body))])


def in_the_mark(request, random):
    mark = dict(request.headers)[MARK]
    place = random.randrange(len(mark))
    changed = mark[:place] + random.choice("0123456789abcdefv=ABCXYZ ~é") + mark[place + 1 :]
    return None if changed.strip() == mark else request.with_header(MARK, changed)


def in_the_stamp(request, random):
    stamp = dict(request.headers)[STAMP]
    changed = random.choice(
        (str(int(stamp) + random.randrange(1, 299)), f"+{stamp}", f"0{stamp}", f"{stamp}.0", "", "now", "-1", "9" * 400)
    )
    return request.with_header(STAMP, changed)


def without(request, random):
    return request.with_header(random.choice((STAMP, MARK)), None)


def doubled(request, random):
    name = random.choice((STAMP, MARK))
    value = dict(request.headers)[name]
    other = random.choice((value, "v0=" + "0" * 64, "0"))
    pair = random.choice((((name, value), (name, other)), ((name.lower(), other), (name, value))))
    return replace(request.with_header(name, None), headers=(*request.with_header(name, None).headers, *pair))


def by_another(request, random):
    secret = random.choice((b"", b"0" * 32, random.randbytes(16), b"xoxb-token"))
    return signed(request.body, request.kind, secret=secret)


def out_of_time(request, random):
    far = random.choice((-1, 1)) * random.choice((302, 305, 400, 3600, 86_400, 10**9))
    return signed(request.body, request.kind, stamp=max(int(time.time()) + far, 0))


def encoded_anew(request, random):
    if request.kind == JSON:
        body = json.dumps(json.loads(request.body), indent=random.choice((1, 2)), sort_keys=True).encode()
    else:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
        random.shuffle(pairs)
        body = (urlencode(pairs) + random.choice(("", "&", "&x=1"))).encode().replace(b"+", b"%20")
    return None if body == request.body else replace(request, body=body)


def of_another_type(request, random):
    kinds = (
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        JSON if request.kind == FORM else FORM,
    )
    return replace(request, kind=random.choice(kinds))


def by_another_method(request, random):
    return replace(request, method=random.choice(("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")))


def too_large(request, random):
    body = request.body + b"&x=" + b"a" * random.randrange(64 * 1024, 80 * 1024)
    return signed(body, request.kind)


def packed(request, random):
    return request.with_header("Content-Encoding", random.choice(("gzip", "deflate", "br", "x")))


def from_elsewhere(request, random):
    """Signed with our secret, and for another workspace or another app."""
    body = request.body.replace(TEAM.encode(), random.choice((b"T0ELSEWHERE", b"", b"T0GITGUARDX")))
    if random.random() < 0.5:
        body = request.body.replace(b"A0ROLLOUT", b"A0ANOTHER")
    return signed(body, request.kind)


MUTATIONS = (
    *(in_the_body,) * 8,
    *(truncated, in_the_mark, in_the_stamp) * 3,
    without,
    doubled,
    by_another,
    out_of_time,
    encoded_anew,
    of_another_type,
    by_another_method,
    too_large,
    packed,
    from_elsewhere,
)


@counted(20_000)
async def test_no_mutated_request_is_let_in_or_breaks_anything(tmp_path, cases, record_property):
    made, statuses, used = dice(), Counted(), {}
    database = tmp_path / "rollout.db"
    async with acting(database, [plan()]) as house:
        wire, before = Wire(house.port), rows(database)
        for number in range(cases):
            mutation, request = made.random.choice(MUTATIONS), made.random.choice(valid(number))
            mutated = mutation(request, made.random)
            while mutated is None:
                mutated = mutation(request, made.random)
            status, _ = await wire.send(mutated) if mutated.method != "HEAD" else await _headed(wire, mutated)
            statuses.add(status)
            used[mutation.__name__] = used.get(mutation.__name__, 0) + 1
            assert 400 <= status < 500, (mutation.__name__, status, mutated)
        assert rows(database) == before
        # What was mutated would have been let in: the same requests as they were.
        assert [(await wire.send(each))[0] for each in valid(cases)] == [200] * 5
        assert rows(database) != before
        await wire.close()
    record_property("figure", f"{cases} mutated requests ({statuses}): 0 accepted, 0 of 5xx, 0 rows; seed {made.seed}")
    assert set(used) == {mutation.__name__ for mutation in MUTATIONS}


async def _headed(wire, request):
    """An answer to HEAD says how long its body would be, and has none."""
    answer = await wire.send(replace(request, method="OPTIONS"))
    await wire.close()
    return answer


def nonsense(value, random):
    """The payload with something missing, of another type, or too deep."""
    junk = (None, "", 0, -1.5, True, [], {}, [[]], {"id": {}}, "\x00", "é" * 50, ["x"], {"a": None}, "9" * 300)
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(sorted(value))
        if random.random() < 0.25:
            return {name: each for name, each in value.items() if name != key}
        return value | {key: nonsense(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.6:
        place = random.randrange(len(value))
        return [*value[:place], nonsense(value[place], random), *value[place + 1 :]]
    return random.choice(junk)


@counted(5_000)
async def test_signed_nonsense_is_never_a_servers_error(tmp_path, cases, record_property):
    made, statuses = dice(), Counted()
    async with acting(tmp_path / "rollout.db", [plan()]) as house:
        wire = Wire(house.port)
        for number in range(cases):
            payload = made.random.choice(
                (
                    clicked("status", "b", f"k{number}"),
                    sent("hold", "b", f"s{number}"),
                    mentioned("status", f"E{number}"),
                    command("status", f"c{number}"),
                )
            )
            twisted = nonsense(payload, made.random)
            if isinstance(twisted, dict) and "command" in twisted:
                flat = {name: each if isinstance(each, str) else json.dumps(each) for name, each in twisted.items()}
                request = signed(urlencode(flat).encode())
            else:
                request = made.random.choice((as_form, as_json))(twisted)
            status, _ = await wire.send(request)
            statuses.add(status)
            assert status < 500, (status, twisted)
        for deep in (
            b"[" * 60_000,
            b'{"a":' * 10_000,
            b"\xff\xfe",
            b"",
            b"null",
            b'"x"',
            b"payload=" + b"%5B" * 20_000,
        ):
            for kind in (JSON, FORM):
                status, _ = await wire.send(signed(deep, kind))
                assert status in {200, 400, 403}, (deep[:20], kind, status)
        await wire.close()
    record_property("figure", f"{cases} signed pieces of nonsense ({statuses}): 0 of 5xx; seed {made.seed}")
    assert statuses.by_status.get(400)
