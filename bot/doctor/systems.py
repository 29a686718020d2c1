"""Systems: what each plan names is set, answers, and lets the bot do its part: files, restarts, commands."""

import asyncio
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.reading import Readers, unresolved
from bot.domain.plan import Plan
from bot.domain.probes import HttpProbe, PrometheusProbe
from bot.domain.systems import JetStream, Prometheus, Service, System
from bot.domain.walking import walk
from bot.reach.subprocesses import NotRun
from bot.reach.targetfiles import NotReadable, read

_BROKEN: Final = 500
_INFO: Final = b"INFO "


def checks(house: House) -> list[Check]:
    """For each plan its variables and commands, and each of its systems."""
    found = []
    for plan in house.plans:
        found.append(Check(f"variables of {plan.name}", partial(variables, house, plan)))
        found.append(Check(f"commands of {plan.name}", partial(commands, house, plan)))
        found += [Check(_named(plan, name), partial(system, house, plan, name)) for name in plan.systems]
    return found


def _named(plan: Plan, name: str) -> str:
    return f"system {name} of {plan.name}"


async def variables(house: House, plan: Plan) -> list[Finding]:
    """Every `*_env` and every secret by name; what a phase needs to be resolved is a failure, the rest a warning."""
    check = f"variables of {plan.name}"
    needed = sorted({sentence for phase in plan.phases for sentence in unresolved(house, plan, phase.name)})
    found = [each for sentence in needed for each in fail(check, sentence, "Set it in the bot's env file.")]
    told = " ".join(needed)
    for name, whose in _named_variables(plan):
        if not house.said(name) and name not in told:
            found += warn(check, f"{name} is not set ({whose})", f"Set {name}, or take it out of the plan.")
    return found or ok(check, "all set")


def _named_variables(plan: Plan) -> Iterator[tuple[str, str]]:
    """Variables, each with whose it is."""
    seen = set()
    for path, part in walk(plan):
        for key in ("url_env", "env_file_env", "mail_env"):
            name = getattr(part, key, None)
            if name and name not in seen:
                seen.add(name)
                yield name, f"{key} of {'.'.join(map(str, path[:2])) or plan.name}"


async def commands(house: House, plan: Plan) -> list[Finding]:
    """Every argument vector's executable may run and is here."""
    check = f"commands of {plan.name}"
    argvs = (getattr(part, "argv", ()) for _, part in walk(plan))
    wanted = {argv[0] for argv in argvs if argv}
    wanted |= {part.restart[0] for part in plan.systems.values() if isinstance(part, Service) and part.restart}
    found: list[Finding] = []
    for name in sorted(wanted):
        try:
            house.allowed.find(name)
        except NotRun as no:
            remedy = f"Add '{name}' to ROLLOUT_EXECUTABLES and install it on this host, or correct the plan."
            found += fail(check, str(no), remedy)
    return found or ok(check, f"allowed and here: {', '.join(sorted(wanted)) or 'none is needed'}")


async def system(house: House, plan: Plan, name: str) -> list[Finding]:
    """One system: it answers as its kind does, and what lies on this host can be used."""
    check, known = _named(plan, name), plan.systems[name]
    if not house.said(known.url_env):
        return skipped(check, f"{known.url_env} is not set")
    found = await _answers(house, plan, name, known)
    if isinstance(known, Service) and known.env_file_env and house.said(known.env_file_env):
        found += _env_file(check, known.env_file_env, Path(house.said(known.env_file_env)))
    return found


async def _answers(house: House, plan: Plan, name: str, known: System) -> list[Finding]:
    if isinstance(known, JetStream):
        return await _nats(house, _named(plan, name), known)
    if isinstance(known, Prometheus):
        return await _prometheus(house, plan, name)
    return await _service(house, plan, name)


async def _service(house: House, plan: Plan, name: str) -> list[Finding]:
    check = _named(plan, name)
    reading = await Readers(house, plan).read(HttpProbe("http", name, "/health"))
    if isinstance(reading.value, int | float):
        if reading.value >= _BROKEN:
            remedy = "See the service's log: an error here is what its gates will read."
            return warn(check, f"/health answers {reading.value:g}", remedy)
        return ok(check, f"/health answers {reading.value:g}")
    probes = [part for _, part in walk(plan) if isinstance(part, HttpProbe) and part.system == name]
    if any(probe.refused_as is not None for probe in probes):
        return warn(check, reading.trouble, "The plan expects this before a later phase; otherwise start the service.")
    return fail(check, reading.trouble, f"Correct {plan.systems[name].url_env}, or start the service and ask again.")


async def _prometheus(house: House, plan: Plan, name: str) -> list[Finding]:
    check = _named(plan, name)
    reading = await Readers(house, plan).read(PrometheusProbe("prometheus", name, "vector(1)"))
    if reading.value == 1:
        return ok(check, "answers a query")
    told = reading.trouble or f"answers {reading.value!r} to vector(1)"
    return fail(check, told, f"Correct {plan.systems[name].url_env}: it is Prometheus' own address, without a path.")


async def _nats(house: House, check: str, known: JetStream) -> list[Finding]:
    """The server's first line tells who it is, before anybody has to sign in."""
    address = urlsplit(house.said(known.url_env))
    correct = f"Correct {known.url_env}; write it as nats://host:4222."
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
    except (OSError, ValueError) as trouble:
        return fail(check, f"cannot be reached ({type(trouble).__name__})", correct)
    try:
        line = await reader.readline()
        info = json.loads(line.removeprefix(_INFO)) if line.startswith(_INFO) else None
    except (OSError, ValueError):
        info = None
    finally:
        writer.close()
    if not isinstance(info, dict):
        return fail(check, "what answers there is no NATS server", correct)
    told = f"nats-server {info.get('version')}"
    if not info.get("jetstream"):
        return fail(check, f"{told} without JetStream", "Start the server with JetStream (`-js`).")
    return ok(check, f"{told} with JetStream; expected to carry {known.carries}")


def _env_file(check: str, variable: str, path: Path) -> list[Finding]:
    try:
        read(path)
    except NotReadable as no:
        return fail(check, str(no), f"Put that right, or name the right file in {variable}.")
    # It is replaced whole: the new one is made beside it.
    for part, what in ((path, "the file"), (path.parent, "its folder")):
        if not os.access(part, os.W_OK):
            remedy = f"Give the bot's user write access to {part}."
            return fail(check, f"{variable}: {what} cannot be written", remedy)
    return ok(check, f"{variable}: can be read and replaced")
