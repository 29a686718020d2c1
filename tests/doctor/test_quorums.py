"""Enough people for every seat, the requester taken away and nobody seated twice."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as some

from bot.doctor.quorums import shortages

PEOPLE = "abcd"


def possible(quorum, members, asker):
    """By trying every way to fill the seats."""
    seats = [guild for guild, need in quorum.items() for _ in range(need)]
    free = [person for person in PEOPLE if person != asker]
    return any(
        all(person in members[guild] for person, guild in zip(way, seats, strict=True))
        for way in permutations(free, len(seats))
    )


groups = some.frozensets(some.sampled_from(PEOPLE))


@given(
    some.fixed_dictionaries({"x": some.integers(1, 2), "y": some.integers(1, 2)}),
    some.fixed_dictionaries({"x": groups, "y": groups}),
)
def test_a_shortage_is_told_exactly_when_the_seats_cannot_be_filled(quorum, members):
    askers = members["x"]
    stuck = {asker for asker in askers if not possible(quorum, members, asker)}
    told = shortages(quorum, members, askers)
    assert told.askers == stuck
    assert told.whoever == (stuck == askers)


def test_a_guild_that_is_too_small_is_named():
    told = shortages({"x": 1, "y": 1}, {"x": frozenset("a"), "y": frozenset("b")}, frozenset("a"))
    assert told.whoever
    assert dict(told.lacking) == {"x": 1}
