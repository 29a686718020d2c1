"""Response URLs: five answers within thirty minutes to a command or a click, without a token."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.workspace.errors import ApiError

USES = 5
LIFE = 30 * 60.0


@dataclass
class ResponseUrl:
    """Whom it answers, where, and the message that was clicked (none for a command)."""

    channel: str
    user: str
    born: float
    source_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, *, source_ts: str | None = None, thread_ts: str | None = None) -> str:
        """Return the last part of the address."""
        name = f"T0GITGUARD-{secrets.token_urlsafe(18)}"
        self._known[name] = ResponseUrl(channel, user, self._monotonic(), source_ts, thread_ts)
        return name

    def use(self, name: str) -> ResponseUrl:
        """Count one answer; raise when the address is unknown, too old, or used up."""
        known = self._known.get(name)
        if known is None:
            raise ApiError("invalid_url", status=404)
        if self._monotonic() - known.born > LIFE:
            raise ApiError("expired_url", status=404)
        if known.uses >= USES:
            raise ApiError("used_url", status=404)
        known.uses += 1
        return known
