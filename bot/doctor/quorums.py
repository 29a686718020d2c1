"""Quorums: whether enough people are left for every guild when the requester is taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shortage:
    """`whoever`: nobody's asking can be approved. `askers`: theirs cannot. `lacking`: guilds that are too small."""

    whoever: bool = False
    askers: frozenset[str] = frozenset()
    lacking: Mapping[str, int] = field(default_factory=dict)


def shortages(quorum: Mapping[str, int], members: Mapping[str, frozenset[str]], askers: frozenset[str]) -> Shortage:
    """Hold a quorum against the members: everybody speaks for one guild only, and never for his own request."""
    stuck = frozenset(asker for asker in askers if not _enough(quorum, members, asker))
    if askers and stuck != askers:
        return Shortage(askers=stuck)
    lacking = {
        guild: need
        for guild, need in quorum.items()
        if all(len(members.get(guild, frozenset()) - {asker}) < need for asker in askers)
    }
    return Shortage(whoever=True, askers=stuck, lacking=lacking)


def _enough(quorum: Mapping[str, int], members: Mapping[str, frozenset[str]], asker: str) -> bool:
    """Give each seat a person of its own; somebody in two guilds may have to move to the other's seat."""
    seats = [guild for guild, need in quorum.items() for _ in range(need)]
    taken: dict[str, int] = {}

    def seated(seat: int, asked: set[str]) -> bool:
        for person in members.get(seats[seat], frozenset()) - {asker} - asked:
            asked.add(person)
            if person not in taken or seated(taken[person], asked):
                taken[person] = seat
                return True
        return False

    return all(seated(seat, set()) for seat in range(len(seats)))
