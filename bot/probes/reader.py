"""The reader: plays the Probes port with one shared HTTP session, made when it is first needed."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import aiohttp

from bot.domain.plan import ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.verdicts import Reading
from bot.probes import PROBES
from bot.probes.scene import Scene, Unread
from bot.reach.subprocesses import Allowed

# Many gates may run commands at once; more than this would starve the host that they measure.
_AT_ONCE: Final = 16


class ProbeReader:
    """Reads every kind of probe. What cannot be read is a reading without a value, never an exception.

    `secrets` are the variables that commands may name, by name and value.
    """

    def __init__(self, allowed: Allowed, secrets: Mapping[str, str]) -> None:
        self._allowed = allowed
        self._secrets = secrets
        self._session: aiohttp.ClientSession | None = None
        self._running = asyncio.Semaphore(_AT_ONCE)

    async def read(self, probe: Probe, phase: ResolvedPhase, at: datetime) -> Reading:
        adapter = PROBES[type(probe)]
        again = partial(self.read, phase=phase, at=at)
        scene = Scene(phase, self._shared, again, self._allowed, self._secrets, self._running)
        blank = Reading(None, at, adapter.source(probe))
        try:
            found = await adapter.read(probe, scene)
        except Unread as unread:
            return replace(blank, trouble=unread.trouble)
        source = f"{blank.source}; {found.adds}" if found.adds else blank.source
        return Reading(found.value, at, source, found.samples, found.trouble)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _shared(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # No limit: a gate that hangs must not keep another waiting. A fresh connection each time: what is
            # measured is the way that a new caller has. No proxy and no cookies from elsewhere.
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            jar = aiohttp.DummyCookieJar()
            timeout = aiohttp.ClientTimeout(total=None)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, timeout=timeout, auto_decompress=False, trust_env=False
            )
        return self._session
