"""Signing: whether a request was signed by Slack just now, told from its raw bytes before anything reads them."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from multidict import CIMultiDictProxy

SIGNATURE: Final = "X-Slack-Signature"
TIMESTAMP: Final = "X-Slack-Request-Timestamp"
TOLERANCE: Final = 300
_LONGEST_STAMP: Final = 12


@dataclass(frozen=True)
class Seal:
    """Slack's seal under one of our secrets; two of them while one takes the place of the other."""

    secrets: tuple[bytes, ...]
    real: Callable[[], datetime]

    def broken(self, headers: CIMultiDictProxy[str], raw: bytes) -> str | None:
        """Why this is not to be believed, in a word for the log; None when it is Slack's and fresh."""
        stamp = self.stamp(headers)
        if stamp is None:
            return "unstamped"
        if abs(self.real().timestamp() - stamp) > TOLERANCE:
            return "stale"
        given = headers.getall(SIGNATURE, ())
        if len(given) != 1 or not given[0].isascii():
            return "unsigned"
        return None if self._fits(given[0], headers[TIMESTAMP], raw) else "forged"

    @staticmethod
    def stamp(headers: CIMultiDictProxy[str]) -> int | None:
        """When it was signed, in seconds; None where that is not said once and plainly."""
        given: Sequence[str] = headers.getall(TIMESTAMP, ())
        if len(given) != 1 or len(given[0]) > _LONGEST_STAMP or not (given[0].isascii() and given[0].isdigit()):
            return None
        return int(given[0])

    def _fits(self, given: str, stamp: str, raw: bytes) -> bool:
        signed = b"v0:" + stamp.encode() + b":" + raw
        # Every secret is tried, so that time does not tell which one it was.
        fits = [hmac.compare_digest(f"v0={hmac.digest(each, signed, 'sha256').hex()}", given) for each in self.secrets]
        return any(fits)
