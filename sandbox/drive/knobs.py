"""What a tester turns: faults of Slack, the sample systems, the clock."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from aiohttp import web

from sandbox.clock import SandboxClock, parse_span
from sandbox.drive.bodies import (
    MAYBE_COUNT,
    MAYBE_FLAG,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    DriveRefused,
    Key,
    number,
    read_body,
    read_query,
    waiting,
)
from sandbox.targets import TargetRefused, Targets
from sandbox.workspace.chance import Chance
from sandbox.workspace.faults import DISCONNECTS, Faults
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.state import JsonObject

MAYBE_LIST = Key((list,), required=False)
FAULT_KEYS = {
    "rate_limit_next": MAYBE_COUNT,
    "retry_after": MAYBE_COUNT,
    "server_error_next": MAYBE_COUNT,
    "hang_next": MAYBE_COUNT,
    "lose_reply_next": MAYBE_COUNT,
    "methods": MAYBE_LIST,
    "duplicate_deliveries": MAYBE_FLAG,
    "reorder_deliveries": MAYBE_FLAG,
    "refuse_sockets": MAYBE_FLAG,
    "silence_sockets": MAYBE_FLAG,
    "expire_triggers": MAYBE_FLAG,
    "disconnect": MAYBE_TEXT,
    "rate": MAYBE_NUMBER,
    "seed": MAYBE_COUNT,
    "reset": MAYBE_FLAG,
}
TARGET_KEYS = {
    "system": MAYBE_TEXT,
    "error_rate": MAYBE_NUMBER,
    "latency_ms": MAYBE_NUMBER,
    "freshness_s": MAYBE_NUMBER,
    "down": MAYBE_FLAG,
    "refuse": MAYBE_FLAG,
    "hang": MAYBE_FLAG,
    "wrong_flags": Key((dict,), required=False),
    "silent_metrics": MAYBE_FLAG,
    "ignore_restart": MAYBE_FLAG,
    "reset": MAYBE_FLAG,
}
CLOCK_KEYS = {"advance": Key((str, int, float))}


@dataclass(frozen=True)
class Knobs:
    local: LocalSlack
    targets: Targets
    clock: SandboxClock

    async def faults(self, request: web.Request) -> JsonObject:
        read_query(request)
        return self._faults()

    async def set_faults(self, request: web.Request) -> JsonObject:
        body = await read_body(request, FAULT_KEYS)
        check_faults(body)
        reset = body.pop("reset", False)
        before = Faults() if reset else self.local.faults
        reason, rate, seed = (body.pop(name, None) for name in ("disconnect", "rate", "seed"))
        if reset or rate is not None:
            self.local.chance = Chance(rate or 0.0, seed or 0)
        if "methods" in body:
            body["methods"] = tuple(body["methods"])
        self.local.faults = replace(before, **body)
        if reason is not None:
            await self.local.hub.disconnect(reason)
        self.local.changes.bump()
        return self._faults()

    async def target(self, request: web.Request) -> JsonObject:
        query = read_query(request, "system")
        return await self._shown(self._system(query.get("system")))

    async def set_target(self, request: web.Request) -> JsonObject:
        body = await read_body(request, TARGET_KEYS)
        check_target(body)
        system = self._system(body.pop("system", None))
        try:
            if body.pop("reset", False):
                await self.targets.reset(system)
            if body:
                await self.targets.turn(system, body)
        except TargetRefused as refusal:
            raise DriveRefused("target_refused", str(refusal)) from refusal
        self.local.changes.bump()
        return await self._shown(system)

    async def time(self, request: web.Request) -> JsonObject:
        query = read_query(request, "version", "wait")
        version = int(number(query, "version", -1))
        await self.local.until_closing(self.clock.wait_change(version, waiting(query)))
        return self._now()

    async def advance(self, request: web.Request) -> JsonObject:
        body = await read_body(request, CLOCK_KEYS)
        try:
            span: timedelta = parse_span(body["advance"])
            self.clock.advance(span)
        except (ValueError, OverflowError) as flaw:
            raise DriveRefused("wrong_span", str(flaw)) from flaw
        self.local.changes.bump()
        return self._now()

    def _now(self) -> JsonObject:
        clock = self.clock
        return {"ok": True, "now": clock.now().isoformat(), "speed": clock.speed, "version": clock.version}

    def _faults(self) -> JsonObject:
        shown = asdict(self.local.faults) | {"methods": list(self.local.faults.methods)}
        chance = self.local.chance
        shown |= {"rate": chance.rate, "seed": chance.seed}
        suffered = dict(sorted(chance.suffered.items()))
        return {"ok": True, "faults": shown, "sockets": self.local.hub.connected, "suffered": suffered}

    def _system(self, wanted: str | None) -> str:
        known = self.targets.systems()
        system = wanted or (known[0] if known else "")
        if system not in known:
            names = ", ".join(known) or "none"
            raise DriveRefused("unknown_system", f"there is no system {system!r}; there are: {names}", 404)
        return system

    async def _shown(self, system: str) -> JsonObject:
        return {"ok": True, "target": await self.targets.show(system)}


def check_faults(body: JsonObject) -> None:
    counts = [name for name in FAULT_KEYS if name.endswith("_next") or name == "retry_after"]
    negative = [name for name in counts if body.get(name, 0) < 0]
    if negative:
        raise DriveRefused("wrong_value", f"{', '.join(negative)} must not be below zero")
    if not 0 <= body.get("rate", 0) <= 1:
        raise DriveRefused("wrong_value", "rate must be between 0 and 1")
    if "seed" in body and "rate" not in body:
        raise DriveRefused("missing_key", "a seed is for a rate; give both")
    if body.get("disconnect", "warning") not in DISCONNECTS:
        raise DriveRefused("wrong_value", f"disconnect must be one of: {', '.join(sorted(DISCONNECTS))}")
    if not all(isinstance(name, str) for name in body.get("methods", ())):
        raise DriveRefused("wrong_type", "methods must be a list of method names")


def check_target(body: JsonObject) -> None:
    if not 0 <= body.get("error_rate", 0) <= 1:
        raise DriveRefused("wrong_value", "error_rate must be between 0 and 1")
    for name in ("latency_ms", "freshness_s"):
        if body.get(name, 0) < 0:
            raise DriveRefused("wrong_value", f"{name} must not be below zero")
