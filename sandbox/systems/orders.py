"""Which commands of the sample host do something: `systemctl` and `docker`, read from their arguments."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sandbox.systems.org_brain import OrgBrain, StartFailedError

UNIT = "codex"
CONTAINER = "guard-codex"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
ENV_FORMAT = "{{json .Config.Env}}"
VERSION_FORMAT = '{{index .Config.Labels "org.opencontainers.image.version"}}'
RUNNING_FORMAT = "{{.State.Running}}"


@dataclass(frozen=True)
class Outcome:
    """What the command leaves behind: its exit code and its two outputs."""

    code: int = 0
    out: str = ""
    err: str = ""


@dataclass(frozen=True)
class Order:
    """One command as it was called: the tool, its arguments and what its environment said."""

    tool: str
    arguments: tuple[str, ...]
    effect_key: str | None = None
    image_tag: str | None = None


async def carry_out(order: Order, brain: OrgBrain) -> Outcome:
    """Do what the command says; whatever is not known here is refused with exit code 1."""
    try:
        if order.tool == "systemctl":
            return await _systemctl(order, brain)
        if order.tool == "docker":
            return await _docker(order, brain)
    except StartFailedError as why:
        return Outcome(1, err=f"{order.tool}: {UNIT} did not start: {why}")
    return _unknown(order)


async def _systemctl(order: Order, brain: OrgBrain) -> Outcome:
    match order.arguments:
        case ("is-active", unit) if _is_unit(unit):
            return Outcome(0, "active") if brain.running else Outcome(3, "inactive")
        case ("restart" | "stop" | "start" as verb, unit) if _is_unit(unit):
            verbs: dict[str, Callable[[str | None], Awaitable[None]]] = {
                "restart": brain.restart,
                "stop": brain.stop,
                "start": brain.start,
            }
            await verbs[verb](order.effect_key)
            return Outcome()
    return _unknown(order)


async def _docker(order: Order, brain: OrgBrain) -> Outcome:
    match order.arguments:
        case ("compose", *rest):
            return await _compose(order, _without_file(rest), brain)
        case ("inspect", "--format" | "-f", wanted, container):
            return _inspect(wanted, container, brain)
    return _unknown(order)


async def _compose(order: Order, words: Sequence[str], brain: OrgBrain) -> Outcome:
    # Compose gives a container its environment when `up` creates it; `restart`, `stop` and `start` keep it.
    match words:
        case ["up", "-d", service] if service == CONTAINER:
            tag = order.image_tag or brain.version
            if not TAG.fullmatch(tag):
                return Outcome(1, err=f"docker: invalid reference format: CODEX_IMAGE_TAG={tag!r}")
            await brain.deploy(tag, order.effect_key)
        case ["restart", service] if service == CONTAINER:
            await brain.restart(order.effect_key, reread=False)
        case ["start", service] if service == CONTAINER:
            await brain.start(order.effect_key, reread=False)
        case ["stop", service] if service == CONTAINER:
            await brain.stop(order.effect_key)
        case _:
            return _unknown(order)
    return Outcome(err=f" Container {CONTAINER}  Done")


def _inspect(wanted: str, container: str, brain: OrgBrain) -> Outcome:
    if container != CONTAINER:
        return Outcome(1, err=f"Error: No such object: {container}")
    answers = {
        ENV_FORMAT: json.dumps([f"{key}={value}" for key, value in brain.reported.items()]),
        VERSION_FORMAT: brain.version,
        RUNNING_FORMAT: "true" if brain.running else "false",
    }
    if wanted not in answers:
        known = ", ".join(answers)
        return Outcome(1, err=f"docker inspect: this sample host knows the formats {known}, not {wanted!r}")
    return Outcome(0, answers[wanted])


def _without_file(words: Sequence[str]) -> list[str]:
    rest = list(words)
    if len(rest) >= 2 and rest[0] in {"-f", "--file"}:
        return rest[2:]
    return rest


def _is_unit(name: str) -> bool:
    return name in {UNIT, f"{UNIT}.service"}


def _unknown(order: Order) -> Outcome:
    said = " ".join((order.tool, *order.arguments))
    known = (
        f"systemctl restart|stop|start|is-active {UNIT}; "
        f"docker compose [-f FILE] up -d|stop|start|restart {CONTAINER}; docker inspect --format F {CONTAINER}"
    )
    return Outcome(1, err=f"{order.tool}: this sample host does not know {said!r}. It knows: {known}")
