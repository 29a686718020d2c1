"""Acquaintances: full members whom Slack vouched for within a day, so that they may read and hold in its silence."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.domain.people import Kind, Person
from bot.ports import DELIVERY, Busy, Kept, LostLease
from commands.errands import Errands

log: Final = structlog.get_logger()
KEPT_AS: Final = "slack-people"
VOUCHED_FOR: Final = timedelta(days=1)
# Written down anew at most so often for each person.
NOTED_EVERY: Final = timedelta(hours=1)
MOST: Final = 500


@dataclass
class Acquaintances:
    """Kind and name only: guilds are never remembered, since a yes counts on nothing that is a day old."""

    kept: Kept
    real: Callable[[], datetime]
    _known: dict[str, tuple[float, str]] | None = None
    _errands: Errands = field(default_factory=Errands)

    def met(self, person: Person) -> None:
        """Slack has just said who this is; noted after the answer, and seldom."""
        known = self._known or {}
        noted = known.get(person.id, (0.0, ""))[0]
        full = person.kind is Kind.FULL
        if full and self.real().timestamp() - noted < NOTED_EVERY.total_seconds():
            return
        if full or self._known is None or person.id in known:
            self._errands.run(self._note(person))

    async def last(self, user: str) -> Person | None:
        """The full member that this was within the last day; None when nobody vouches for it."""
        noted, name = (await self._all()).get(user, (0.0, ""))
        if self.real().timestamp() - noted > VOUCHED_FOR.total_seconds():
            return None
        return Person(user, name, kind=Kind.FULL)

    async def close(self) -> None:
        await self._errands.close()

    async def _note(self, person: Person) -> None:
        # A note of who asked is not what was asked: it must not mark the delivery as recorded.
        DELIVERY.set(None)
        known = await self._all()
        now = self.real().timestamp()
        if person.kind is Kind.FULL:
            known[person.id] = now, person.name
        elif known.pop(person.id, None) is None:
            return
        fresh = sorted(known.items(), key=lambda each: each[1][0], reverse=True)[:MOST]
        self._known = {user: at for user, at in fresh if now - at[0] <= VOUCHED_FOR.total_seconds()}
        try:
            await self.kept.put(KEPT_AS, json.dumps(self._known))
        except (Busy, LostLease) as why:
            log.warning("acquaintance.not-noted", why=str(why))

    async def _all(self) -> dict[str, tuple[float, str]]:
        if self._known is None:
            try:
                self._known = _read(json.loads(await self.kept.get(KEPT_AS) or "{}"))
            except Busy:
                return {}
        return self._known


def _read(written: dict[str, Any]) -> dict[str, tuple[float, str]]:
    return {user: (float(at), str(name)) for user, (at, name) in written.items()}
