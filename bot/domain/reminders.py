"""Reminders: when a guild that has not answered is reminded of a request, and when that is skipped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun

# Of the time between the question and its expiry; so a guild is reminded twice at the most, unless it asks for more.
SHARES: Final = (0.5, 0.9)
LATER: Final = timedelta(hours=1)
# A reminder this late was missed: the bot was away.
LATE: Final = timedelta(minutes=2)
# A missed reminder is skipped when the next one is this near.
NEAR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Told:
    """What a due reminder does: it is said or skipped, how many were missed before it, and when the next is due."""

    said: bool
    missed: int = 0
    next_at: datetime | None = None


def moments(run: PhaseRun) -> tuple[datetime, ...]:
    """When a guild that is still missing is reminded; none when nothing is asked."""
    if run.changed_at is None or run.expires_at is None:
        return ()
    # A proposal's state changes at the question and at its end, and at nothing between.
    life = run.expires_at - run.changed_at
    return tuple(run.changed_at + life * share for share in SHARES)


def missing(run: PhaseRun, guild: str, now: datetime) -> int:
    """How many voices this guild still owes the request that stands; 0 when nobody has to be reminded."""
    request = run.request
    if request is None or now >= request.expires_at:
        return 0
    return request.missing().get(guild, 0)


def fall_due(run: PhaseRun, due_at: datetime, now: datetime) -> Told:
    """What becomes of a reminder that was due then: late ones are said once, or left to the next if that is near."""
    after = next((each for each in moments(run) if each > now), None)
    if now - due_at <= LATE:
        return Told(said=True, next_at=after)
    if after is not None and after - now <= NEAR:
        return Told(said=False, next_at=after)
    return Told(said=True, missed=sum(due_at < each <= now for each in moments(run)), next_at=after)


def put_off(run: PhaseRun, now: datetime) -> datetime | Refusal:
    """The moment to which the next reminder moves: an hour on, and never so late that nothing could be answered."""
    base = next((each for each in moments(run) if each > now), now)
    until = min(base + LATER, run.expires_at - NEAR) if run.expires_at else base
    if until > base:
        return until
    return Refusal("last-reminder", "The request expires before another reminder could come.", "Answer it now.")
