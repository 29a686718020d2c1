"""The directory's twin: people by id, with the guilds that they are said to be in."""

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.people import Kind, Person
from bot.domain.plan import Guild
from bot.ports import Unreachable


class RehearsalDirectory:
    """People are what the script says; somebody unknown belongs to another workspace.

    A person's `guilds` name the guilds of a plan; a guild's own `members:` count as well. While `silent` is
    set, nobody can be asked.
    """

    def __init__(self, people: Mapping[str, Person], guilds: Mapping[str, Guild] | None = None) -> None:
        self.people = dict(people)
        self.silent = False
        self._guilds = dict(guilds or {})

    async def person(self, user: str, guilds: Mapping[str, Guild]) -> Person:
        self._answer()
        self._guilds |= guilds
        known = self.people.get(user) or Person(user, user, kind=Kind.FOREIGN)
        named = frozenset(name for name, guild in guilds.items() if name in known.guilds or user in guild.members)
        return replace(known, guilds=named)

    async def members(self, guild: Guild) -> tuple[str, ...]:
        self._answer()
        names = {name for name, known in self._guilds.items() if known == guild}
        said = [person.id for person in self.people.values() if names & person.guilds]
        return tuple(dict.fromkeys((*guild.members, *said)))

    def _answer(self) -> None:
        if self.silent:
            raise Unreachable("The directory does not answer.")
