"""Faults that can be switched on: what the real Slack does on a bad day."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum

DISCONNECTS = frozenset({"warning", "refresh_requested", "link_disabled"})
# A fault for everything would otherwise be eaten by a reconnecting socket.
ONLY_BY_NAME = frozenset({"apps.connections.open"})


class Mishap(StrEnum):
    RATE_LIMIT = "rate_limit_next"
    SERVER_ERROR = "server_error_next"
    HANG = "hang_next"
    LOSE_REPLY = "lose_reply_next"


@dataclass(frozen=True)
class Faults:
    """Counters of calls still to fail, and switches; `methods` limits the counters to those methods."""

    rate_limit_next: int = 0
    retry_after: int = 1
    server_error_next: int = 0
    hang_next: int = 0
    lose_reply_next: int = 0
    methods: tuple[str, ...] = ()
    duplicate_deliveries: bool = False
    reorder_deliveries: bool = False
    refuse_sockets: bool = False
    silence_sockets: bool = False
    expire_triggers: bool = False

    def strike(self, method: str) -> tuple[Mishap | None, "Faults"]:
        """Say what befalls a call of this method, and what is left afterwards."""
        meant = method in self.methods if self.methods else method not in ONLY_BY_NAME
        for mishap in Mishap:
            left = getattr(self, mishap)
            if meant and left > 0:
                return mishap, replace(self, **{mishap: left - 1})
        return None, self


NAMES = frozenset(field.name for field in fields(Faults))
