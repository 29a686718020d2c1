"""Digests for rehearsals: equal for equal phases and different for others, and no promise beyond that."""

import hashlib
from collections.abc import Callable

from bot.domain.plan import ResolvedPhase

Digest = Callable[[ResolvedPhase], str]


def stand_in(phase: ResolvedPhase) -> str:
    return hashlib.sha256(repr(phase).encode()).hexdigest()
