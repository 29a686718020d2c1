"""Requests to Drive, read strictly: unknown keys, missing keys and wrong types are refused by name."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.workspace.state import JsonObject

LONGEST_WAIT = 60.0


class DriveRefused(Exception):  # noqa: N818 - an answer, not a defect
    def __init__(self, error: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.error, self.detail, self.status = error, detail, status


@dataclass(frozen=True)
class Key:
    """One key that a body may carry, with the types that it takes."""

    types: tuple[type, ...]
    required: bool = True


TEXT = Key((str,))
MAYBE_TEXT = Key((str,), required=False)
MAYBE_FLAG = Key((bool,), required=False)
MAYBE_NUMBER = Key((int, float), required=False)
MAYBE_COUNT = Key((int,), required=False)
OBJECT = Key((dict,))


async def read_body(request: web.Request, keys: Mapping[str, Key]) -> JsonObject:
    # A browser lets any site send a form or plain text here, but asks first before it sends JSON.
    if request.content_type != "application/json":
        raise DriveRefused("not_json", "send Content-Type: application/json", 415)
    try:
        body = json.loads(await request.text())
    except ValueError as flaw:
        raise DriveRefused("not_json", f"the body is not JSON: {flaw}") from flaw
    if not isinstance(body, dict):
        raise DriveRefused("not_json", "the body must be a JSON object")
    given = {name: value for name, value in body.items() if value is not None}
    strange = sorted(body.keys() - keys.keys())
    if strange:
        allowed = ", ".join(keys)
        raise DriveRefused("unknown_key", f"unknown: {', '.join(strange)}; allowed: {allowed}")
    for name, key in keys.items():
        check_key(name, key, given)
    return given


def check_key(name: str, key: Key, given: JsonObject) -> None:
    if name not in given:
        if key.required:
            raise DriveRefused("missing_key", f"{name} is missing")
        return
    value = given[name]
    if not isinstance(value, key.types) or (isinstance(value, bool) and bool not in key.types):
        wanted = " or ".join(kind.__name__ for kind in key.types)
        raise DriveRefused("wrong_type", f"{name} must be {wanted}")


def read_query(request: web.Request, *names: str) -> dict[str, str]:
    strange = sorted(request.query.keys() - set(names))
    if strange:
        raise DriveRefused("unknown_key", f"unknown: {', '.join(strange)}; allowed: {', '.join(names)}")
    return dict(request.query)


def number(query: Mapping[str, str], name: str, default: float) -> float:
    text = query.get(name)
    try:
        value = float(text) if text else default
    except ValueError as flaw:
        raise DriveRefused("wrong_type", f"{name} must be a number") from flaw
    if not math.isfinite(value):
        raise DriveRefused("wrong_type", f"{name} must be a finite number")
    return value


def waiting(query: Mapping[str, str]) -> float:
    return min(max(number(query, "wait", 0.0), 0.0), LONGEST_WAIT)
