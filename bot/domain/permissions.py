"""Permissions: which right each act needs and who has it; what has no row here nobody may do."""

from collections.abc import Mapping
from enum import StrEnum

from bot.domain.people import Kind, Person
from bot.domain.refusals import Refusal


class Right(StrEnum):
    """The columns of the permission table (design, section 7)."""

    READ = "read"
    HOLD = "hold"
    RUN = "run"
    BACK = "back"
    ANSWER = "answer"


_OPERATOR = frozenset({Right.READ, Right.HOLD, Right.BACK})


def may(person: Person, right: Right, run_by: str, quorum: Mapping[str, int]) -> Refusal | None:
    """Why this person lacks the right, for a plan run by `run_by` and a phase that asks the guilds of `quorum`."""
    if person.kind is Kind.OPERATOR:
        if right in _OPERATOR:
            return None
        return Refusal("operator", "The host's operator can read, hold, roll back and abort, and nothing else.")
    if person.kind is not Kind.FULL:
        return Refusal("outsider", "Guests, bots and people of another workspace cannot use this bot.")
    if right in {Right.READ, Right.HOLD}:
        return None
    needed = _guilds(right, run_by, quorum)
    if person.guilds & needed:
        return None
    who = " or ".join(sorted(needed))
    return Refusal("permission", f"Only members of {who} can do this.", "Ask one of them.")


def _guilds(right: Right, run_by: str, quorum: Mapping[str, int]) -> frozenset[str]:
    if right is Right.RUN:
        return frozenset({run_by})
    if right is Right.BACK:
        return frozenset({run_by, *quorum})
    return frozenset(quorum)
