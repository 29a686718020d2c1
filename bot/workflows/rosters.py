"""Rosters: who was in which guild at a decision, as facts of its ledger entry."""

import json
from collections.abc import Iterable, Mapping

from bot.domain.people import Person
from bot.domain.plan import Guild
from bot.domain.refusals import Refusal
from bot.ports import Directory


def roster(members: Iterable[str]) -> str:
    """The members of one guild: JSON in text, so that a fact stays a plain value."""
    return json.dumps(sorted(members))


async def rosters(directory: Directory, asked: Iterable[str], guilds: Mapping[str, Guild]) -> str:
    """The members of every asked guild, read now; raises Unreachable when one cannot be."""
    known = [name for name in sorted(asked) if name in guilds]
    return json.dumps({name: sorted(await directory.members(guilds[name])) for name in known})


def listed(voters: Mapping[str, Person] | Refusal) -> str | None:
    """Who approved, with the guilds that each of them was in when a step was claimed; None on the way back."""
    if isinstance(voters, Refusal) or not voters:
        return None
    return json.dumps({user: sorted(person.guilds) for user, person in sorted(voters.items())})
