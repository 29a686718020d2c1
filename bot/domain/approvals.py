"""Approvals: whose yes counts, for which guild, for exactly which bytes, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.people import Person
from bot.domain.refusals import Refusal


@dataclass(frozen=True)
class Approval:
    """One person's yes for one guild, bound to a digest; `members` is the membership read at the click."""

    person: str
    name: str
    guild: str
    at: datetime
    digest: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What is asked: the quorum, the bytes, who asks, until when, and the answers so far."""

    quorum: Mapping[str, int]
    digest: str
    requested_by: str
    expires_at: datetime
    approvals: tuple[Approval, ...] = ()

    def missing(self, *, runner: str = "") -> dict[str, int]:
        """How many more voices each guild needs; guilds that have enough are left out.

        Neither the requester nor the person who runs the rollout counts.
        """
        given = counted(self, runner=runner)
        short = {guild: need - sum(each.guild == guild for each in given) for guild, need in self.quorum.items()}
        return {guild: need for guild, need in short.items() if need > 0}


def counted(request: Request, *, runner: str = "") -> tuple[Approval, ...]:
    """The approvals that count: for this digest, one voice a human, never requester or runner."""
    seen: set[str] = set()
    kept: list[Approval] = []
    for each in request.approvals:
        own = each.person in {request.requested_by, runner}
        if own or each.digest != request.digest or each.guild not in request.quorum or each.person in seen:
            continue
        seen.add(each.person)
        kept.append(each)
    return tuple(kept)


def may_approve(request: Request, person: Person, guild: str, at: datetime) -> Refusal | None:
    """Why this person may not say yes for this guild now; None when they may."""
    if at >= request.expires_at:
        return Refusal("approval-expired", "This request has expired.", "Start the phase again to ask anew.")
    if not person.counts:
        return Refusal("approval-kind", "Guests, bots and people of another workspace cannot approve.")
    if guild not in request.quorum:
        asked = ", ".join(sorted(request.quorum))
        return Refusal("approval-guild", f"{guild} is not asked here.", f"Asked are: {asked}.")
    if not person.speaks_for(guild):
        return Refusal("approval-member", f"Only members of {guild} can approve for {guild}.")
    if person.id == request.requested_by:
        return Refusal("approval-own", "You asked for this, so your own yes does not count.", "Ask another member.")
    return _one_voice(request, person)


def _one_voice(request: Request, person: Person) -> Refusal | None:
    spoken = next((each for each in request.approvals if each.person == person.id), None)
    if spoken is None:
        return None
    return Refusal(
        "approval-twice",
        f"You already approved for {spoken.guild}; one person is one voice.",
        "Withdraw it first if you mean to speak for another guild.",
    )


def awaited(request: Request, person: Person, at: datetime) -> frozenset[str]:
    """The guilds for which this person's yes is still needed and would count; the click asks the rules again."""
    asked = request.missing() if at < request.expires_at else {}
    return frozenset(guild for guild in asked if may_approve(request, person, guild, at) is None)


def may_start(request: Request, runner: Person, at: datetime) -> Refusal | None:
    """Why the approved move may not run yet; None when the quorum stands without the runner."""
    if at >= request.expires_at:
        return Refusal("approval-expired", "The approvals have expired.", "Start the phase again to ask anew.")
    without = request.missing(runner=runner.id)
    if not without:
        return None
    if not request.missing():
        return Refusal(
            "approval-runner",
            "You approved this, and the person who runs the rollout does not count.",
            "Let somebody else press Start, or withdraw and let another member approve.",
        )
    return Refusal("approval-missing", f"Approvals are missing: {listed(without)}.", "Ask the guilds named.")


def lapsed(request: Request, members: Mapping[str, Person]) -> tuple[Approval, ...]:
    """Approvals whose person no longer belongs to the guild they spoke for; unknown people have lapsed."""

    def stands(each: Approval) -> bool:
        person = members.get(each.person)
        return person is not None and person.speaks_for(each.guild)

    return tuple(each for each in counted(request) if not stands(each))


def without(approvals: Iterable[Approval], person: str) -> tuple[Approval, ...]:
    return tuple(each for each in approvals if each.person != person)


def listed(missing: Mapping[str, int]) -> str:
    return ", ".join(f"{need} of {guild}" for guild, need in sorted(missing.items()))
