"""Approvals against the oracle, for every role that four people can have in two guilds."""

import itertools
import os
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import moves
from bot.domain.approvals import Approval, Request, counted, lapsed, may_approve, may_start
from bot.domain.people import Kind, Person
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun, Rollout, State
from tests.domain import oracle

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
EXPIRES = NOW + timedelta(hours=24)
NAMES = ("ann", "ben", "cem", "dee")
GUILDS = ("devops", "security")
ROLES = tuple((frozenset(guilds), kind) for guilds in [(), ("devops",), ("security",), GUILDS] for kind in Kind)
HUMAN_ROLES = tuple(role for role in ROLES if role[1] in {Kind.FULL, Kind.GUEST})
STRIDE = int(os.environ.get("ORACLE_STRIDE", "1"))  # the mutants' runs need only a sample of the combinations
QUORUMS = ({"devops": 1, "security": 1}, {"devops": 2, "security": 1}, {"security": 2})


def proposed(quorum, requester="ann", digest="sha256:aa", expires=EXPIRES):
    run = PhaseRun("canary", State.PROPOSED, 1, digest, requester, expires_at=expires, quorum=quorum)
    return Rollout("gitguard-1", "gitguard", (run,), requester, NOW)


def cast(rollout, person, guild, at=NOW, digest="sha256:aa"):
    vote = Approval(person.id, person.name, guild, at, digest)
    return moves.approve(rollout, rollout.phases[0], vote, person)


def replay(people, requester, quorum, votes):
    rollout = proposed(quorum, requester)
    for name, guild, at in votes:
        after = cast(rollout, people[name], guild, at)
        rollout = rollout if isinstance(after, Refusal) else after
    return rollout.phases[0].request


@pytest.mark.parametrize("quorum", QUORUMS, ids=str)
@pytest.mark.parametrize("requester", NAMES)
def test_every_combination_of_roles_agrees_with_the_oracle(quorum, requester):
    votes = [(name, guild, NOW) for name in NAMES for guild in GUILDS]
    for roles in itertools.islice(itertools.product(HUMAN_ROLES, repeat=len(NAMES)), 0, None, STRIDE):
        people = {name: Person(name, name, *role) for name, role in zip(NAMES, roles, strict=True)}
        plain = {name: (role[0], role[1].value) for name, role in zip(NAMES, roles, strict=True)}
        request = replay(people, requester, quorum, votes)
        expected = oracle.accepted(plain, requester, quorum, votes, EXPIRES)
        assert [(each.person, each.guild) for each in request.approvals] == expected
        assert request.missing() == oracle.missing(expected, quorum)
        for runner in NAMES:
            started = may_start(request, people[runner], NOW) is None
            assert started == oracle.may_start(expected, quorum, runner)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FULL])
def test_only_full_members_count(kind):
    outsider = Person("out", "out", frozenset(GUILDS), kind)
    assert isinstance(cast(proposed({"devops": 1}), outsider, "devops"), Refusal)


def test_votes_in_any_order_and_any_choice_agree_with_the_oracle():
    roles = {"ann": {"devops"}, "ben": {"devops", "security"}, "cem": {"security"}, "dee": set()}
    people = {name: Person(name, name, frozenset(guilds)) for name, guilds in roles.items()}
    plain = {name: (guilds, "full") for name, guilds in roles.items()}
    quorum = {"devops": 1, "security": 1}
    for votes in itertools.permutations([(name, guild, NOW) for name in NAMES for guild in GUILDS], 4):
        expected = oracle.accepted(plain, "dee", quorum, votes, EXPIRES)
        request = replay(people, "dee", quorum, votes)
        assert [(each.person, each.guild) for each in request.approvals] == expected


def test_an_approval_at_the_very_end_is_too_late():
    member = Person("ben", "ben", frozenset({"devops"}))
    rollout = proposed({"devops": 1})
    assert isinstance(cast(rollout, member, "devops", EXPIRES), Refusal)
    assert isinstance(cast(rollout, member, "devops", EXPIRES - timedelta(seconds=1)), Rollout)


def test_approvals_that_stood_do_not_outlive_the_request():
    member = Person("ben", "ben", frozenset({"devops"}))
    request = cast(proposed({"devops": 1}), member, "devops").phases[0].request
    runner = Person("ann", "ann", frozenset({"devops"}))
    assert may_start(request, runner, EXPIRES - timedelta(seconds=1)) is None
    assert may_start(request, runner, EXPIRES).code == "approval-expired"


def test_a_yes_for_other_bytes_is_refused_and_never_counted():
    member = Person("ben", "ben", frozenset({"devops"}))
    assert cast(proposed({"devops": 1}), member, "devops", digest="sha256:bb").code == "stale"
    vote = Approval("ben", "ben", "devops", NOW, "sha256:bb")
    assert counted(Request({"devops": 1}, "sha256:aa", "ann", EXPIRES, (vote,))) == ()


def test_an_approval_lapses_with_the_membership():
    vote = Approval("ben", "ben", "devops", NOW, "sha256:aa")
    request = Request({"devops": 1}, "sha256:aa", "ann", EXPIRES, (vote,))
    assert lapsed(request, {"ben": Person("ben", "ben", frozenset({"devops"}))}) == ()
    assert lapsed(request, {"ben": Person("ben", "ben")}) == (vote,)
    assert lapsed(request, {"ben": Person("ben", "ben", frozenset({"devops"}), Kind.GUEST)}) == (vote,)
    assert lapsed(request, {}) == (vote,)


def test_withdrawing_takes_only_ones_own_yes():
    quorum = {"devops": 2}
    ben, cem = (Person(name, name, frozenset({"devops"})) for name in ("ben", "cem"))
    rollout = cast(cast(proposed(quorum), ben, "devops"), cem, "devops")
    after = moves.withdraw(rollout, rollout.phases[0], ben)
    assert [each.person for each in after.phases[0].approvals] == ["cem"]
    assert moves.withdraw(after, after.phases[0], ben).code == "no-approval"


def test_a_denial_needs_a_guild_and_a_reason_and_ends_the_proposal():
    ben = Person("ben", "ben", frozenset({"devops"}))
    rollout = proposed({"devops": 1})
    run = rollout.phases[0]
    assert moves.deny(rollout, run, Person("dee", "dee"), "no", NOW).code == "approval-member"
    assert moves.deny(rollout, run, ben, "  ", NOW).code == "reason"
    assert moves.deny(rollout, run, Person("ann", "ann", frozenset({"devops"})), "mine", NOW).code == "deny-own"
    assert moves.deny(rollout, run, ben, "too early", NOW).phases[0].state is State.ABORTED


def test_the_refusal_says_who_may():
    request = Request({"devops": 1}, "sha256:aa", "ann", EXPIRES)
    assert "devops" in str(may_approve(request, Person("dee", "dee"), "devops", NOW))
