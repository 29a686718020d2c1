"""The reader: plays the Probes port; each kind of probe is read by its adapter, within the guard."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import unquote

from bot.domain.masking import secrets_in, without
from bot.domain.plan import ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.verdicts import Reading
from bot.probes import PROBES
from bot.probes.scene import Scene, Unread
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed, written_forms

# Many gates may run commands at once; more than this would starve the host that they measure.
_AT_ONCE: Final = 16


_SHORTEST: Final = 4


def _shown(text: str, hidden: tuple[str, ...]) -> str:
    return without(text, (*hidden, *secrets_in(text)))


class ProbeReader:
    """Reads every kind of probe. What cannot be read is a reading without a value, never an exception.

    `secrets` are the variables that commands may name, by name and value.
    """

    def __init__(self, allowed: Allowed, secrets: Mapping[str, str], guard: Guard | None = None) -> None:
        self._allowed = allowed
        self._secrets = secrets
        self._guard = guard or Guard()
        self._running = asyncio.Semaphore(_AT_ONCE)

    async def read(self, probe: Probe, phase: ResolvedPhase, at: datetime) -> Reading:
        adapter = PROBES[type(probe)]
        again = partial(self.read, phase=phase, at=at)
        scene = Scene(phase, self._guard, again, self._allowed, self._secrets, self._running)
        blank = Reading(None, at, adapter.source(probe))
        hidden = self._hidden(phase)
        try:
            found = await adapter.read(probe, scene)
        except Unread as unread:
            return replace(blank, trouble=_shown(unread.trouble, hidden))
        source = f"{blank.source}; {found.adds}" if found.adds else blank.source
        # Readings are kept and shown; some systems answer with what they were asked with.
        value = _shown(found.value, hidden) if isinstance(found.value, str) else found.value
        return Reading(value, at, _shown(source, hidden), found.samples, _shown(found.trouble, hidden))

    def _hidden(self, phase: ResolvedPhase) -> tuple[str, ...]:
        """What this phase's addresses and commands hold that nobody may see, in the forms it would come back in."""
        held: set[str] = set()
        for name in phase.secrets:
            value = self._secrets.get(name, "")
            user, at, _ = value.partition("://")[2].rpartition("@")
            plain = unquote(user) if at else value
            held |= {plain, plain.partition(":")[2], user, user.partition(":")[2]} if at else {value}
        return tuple(form for each in held if len(each) >= _SHORTEST for form in written_forms(each))
