"""Trigger ids: each opens one modal, once, within three seconds of the click that gave it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.workspace.chance import Chance, Snag
from sandbox.workspace.errors import ApiError

LIFE = 3.0


@dataclass
class Trigger:
    user: str
    born: float
    used: bool = False


class Triggers:
    def __init__(self, monotonic: Callable[[], float], chance: Callable[[], Chance] = Chance) -> None:
        self.expire_all = False
        self._monotonic = monotonic
        self._chance = chance
        self._known: dict[str, Trigger] = {}

    def issue(self, user: str) -> str:
        name = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._known[name] = Trigger(user, self._monotonic())
        return name

    def exchange(self, name: str) -> Trigger:
        trigger = self._known.get(name)
        if trigger is None:
            raise ApiError("invalid_arguments", ["invalid `trigger_id`"])
        if trigger.used:
            raise ApiError("trigger_exchanged")
        late = self.expire_all or self._monotonic() - trigger.born > LIFE
        if late or self._chance().strike(Snag) is not None:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger
