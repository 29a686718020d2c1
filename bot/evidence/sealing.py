"""Sealing: a rollout's bundle is made, kept on the host, recorded, and handed to the thread as a copy."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from bot.domain.entries import Entry, Fact, Happened
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.evidence.bundle import Bundle, bundle
from bot.evidence.keeping import NotKept, Shelf
from bot.evidence.verifying import Bad
from bot.ports import Archive, Archived, Busy, Clock, Kept, LostLease
from bot.workflows.evidence import Sealed

HOUSE: Final = "house"
IDENTITY: Final = "slack-identity"


class Chronicle(Protocol):
    """Where the house's own entries are written."""

    async def append(self, stream: str, entries: Sequence[Entry]) -> None: ...


class Courier(Protocol):
    """Hands a file to a thread; answers why it could not, "" when it is there."""

    async def hand(self, channel: str, thread: str, name: str, raw: bytes, words: str) -> str: ...


@dataclass(frozen=True)
class Sealer:
    """Plays the Evidence port. The rollout's own stream is never written here: a seal changes no later bundle."""

    archive: Archive
    kept: Kept
    chronicle: Chronicle
    clock: Clock
    shelf: Shelf
    courier: Courier | None = None
    _busy: set[str] = field(default_factory=set)
    _last: dict[str, Sealed] = field(default_factory=dict)

    async def seal(self, rollout: str, by: str, *, again: bool = True) -> Sealed | Refusal:
        """Seal it, closed or not. One at a time for each rollout.

        What the disk, the store or Slack refuses is said, in the refusal or in the answer's `trouble`.
        """
        if rollout in self._busy:
            return Refusal("sealing", f"The evidence of {rollout} is being sealed already.", "It comes to the thread.")
        self._busy.add(rollout)
        try:
            return await self._sealed(rollout, by, again=again)
        finally:
            self._busy.discard(rollout)

    async def _sealed(self, rollout: str, by: str, *, again: bool) -> Sealed | Refusal:
        try:
            archived = await self.archive.of(rollout)
            if archived is None:
                return Refusal("unknown-rollout", f"There is no rollout '{rollout}'.", "See `/rollout plans`.")
            workspace = _workspace(await self.kept.get(IDENTITY))
            made = await asyncio.to_thread(bundle, archived, workspace)
        except Bad as why:
            return _broken(str(why))
        except (ValueError, LookupError, TypeError, AttributeError):
            return _broken("something that is kept of it cannot be read")
        before = self._last.get(rollout)
        if before and before.sha256 == made.sha256 and not again:
            when = f"{before.at:%Y-%m-%d %H:%M} UTC"
            return replace(before, trouble=f"Nothing has changed since it was sealed at {when}.")
        at = self.clock.real()
        try:
            where = await asyncio.to_thread(self.shelf.keep, made, at)
        except NotKept as why:
            return Refusal("not-kept", str(why), "Nothing was sealed; put it right and ask again.")
        sealed = await self._handed(await self._recorded(made, where, at, by), made, archived)
        self._last[rollout] = sealed
        return sealed

    async def _recorded(self, made: Bundle, where: Path, at: datetime, by: str) -> Sealed:
        """The house's stream tells of it; a bundle that lies on the disk is not lost because the store was busy."""
        facts: dict[str, Fact] = {"rollout": made.rollout, "head": made.head, "records": made.records}
        facts |= {"sha256": made.sha256, "size": len(made.raw), "path": str(where)}
        trouble = ""
        try:
            await self.chronicle.append(HOUSE, (Entry(Happened.EVIDENCE_SEALED, by, "", facts),))
        except (Busy, LostLease) as why:
            trouble = f"It is not in the house's ledger: {why}."
        return Sealed(made.rollout, at, made.head, made.sha256, len(made.raw), str(where), made.withheld, trouble)

    async def _handed(self, sealed: Sealed, made: Bundle, archived: Archived) -> Sealed:
        card = next((each for each in archived.told if each.place == Place.CARD.value), None)
        if self.courier is None:
            return sealed
        if card is None:
            return sealed.but("The rollout has no card in Slack yet, so no copy went there.")
        sealed = replace(sealed, channel=card.channel, thread=card.ts)
        name = f"{made.rollout}.zip"
        no = await self.courier.hand(card.channel, card.ts, name, made.raw, sealed.words)
        return sealed.but(f"Slack did not take a copy ({no}); the one on the host stands.") if no else sealed


def _broken(why: str) -> Refusal:
    return Refusal(
        "ledger-broken",
        f"No evidence can be sealed, since the record itself does not hold: {why}.",
        "Take no further step; keep the database as it is, and hold it against a backup.",
    )


def _workspace(identity: str | None) -> str:
    """The address that permalinks begin with, out of what Slack said of itself."""
    try:
        url = json.loads(identity or "{}").get("url")
    except (ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""
