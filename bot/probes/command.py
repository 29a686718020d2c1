"""The command probe: one read-only argument vector, of which the exit code or the output is the reading."""

import asyncio

from bot.domain.probes import CommandProbe
from bot.probes.answers import chosen, parsed
from bot.probes.scene import Found, Scene, Unread
from bot.reach.subprocesses import NotRun, Ran, run, shown


class CommandOutput:
    """Reads an exit code, a JSON value out of the output, or the trimmed output."""

    def source(self, probe: CommandProbe) -> str:
        part = ", output" if probe.text else f", {probe.path}" if probe.path else ", exit code"
        return f"{shown(probe.argv)}{part}"

    async def read(self, probe: CommandProbe, scene: Scene) -> Found:
        ran = await _run(probe, scene)
        name = probe.argv[0]
        if ran.exit is None:
            limit = f"{probe.timeout.total_seconds():g} s"
            raise Unread(f"'{name}' did not end within {limit} and was stopped; see what it waits for")
        if not probe.text and probe.path is None:
            return Found(ran.exit)
        if ran.exit != 0:
            raise Unread(f"'{name}' ended with exit code {ran.exit}: {ran.last_words or 'it said nothing'}")
        if ran.cut:
            raise Unread(f"'{name}' wrote more than is read (64 KiB); let it say less")
        if probe.text:
            return Found(ran.stdout.strip())
        return Found(chosen(parsed(ran.stdout, f"'{name}'"), probe.path, f"'{name}'"))


async def _run(probe: CommandProbe, scene: Scene) -> Ran:
    missing = [name for name in probe.secrets if name not in scene.secrets]
    if missing:
        raise Unread(f"{missing[0]} is not set, and '{probe.argv[0]}' needs it; set it where the bot runs")
    secrets = {name: scene.secrets[name] for name in probe.secrets}
    try:
        # Waiting for a turn is part of the time: a reading never comes later than twice its timeout.
        async with asyncio.timeout(probe.timeout.total_seconds()):
            await scene.running.acquire()
    except TimeoutError:
        raise Unread("too many commands run at once on this host; see which of them hang") from None
    try:
        return await run(probe.argv, allowed=scene.allowed, env=probe.env, secrets=secrets, timeout=probe.timeout)
    except NotRun as trouble:
        raise Unread(str(trouble)) from None
    finally:
        scene.running.release()
