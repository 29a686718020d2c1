"""Subscriptions: what people may have themselves told by direct message, and what each kind covers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bot.domain.entries import Happened
from bot.domain.posts import Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import Rollout
from bot.domain.verdicts import Outcome


class Kind(StrEnum):
    """What somebody can subscribe to, by the word that is typed."""

    APPROVALS = "approvals"
    PHASES = "phases"
    TROUBLE = "trouble"
    MINE = "mine"


WORDS: Final[Mapping[Kind, str]] = {
    Kind.APPROVALS: "my guilds are asked for an approval, or reminded of it",
    Kind.PHASES: "a phase is started, ready or promoted",
    Kind.TROUBLE: "something fails, is held or goes back",
    Kind.MINE: "anything happens in a rollout that I opened, asked for or started",
}
# The topics of posts that each kind covers; MINE covers them all.
COVERS: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.APPROVALS: frozenset({"request", Happened.APPROVAL_REMINDED}),
    Kind.PHASES: frozenset({Happened.PHASE_STARTED, Happened.PHASE_READY, Happened.PHASE_PROMOTED}),
    Kind.TROUBLE: frozenset(
        {
            Happened.STEP_FAILED,
            Happened.PHASE_HELD,
            Happened.VERDICT_CHANGED,
            Happened.COUNTDOWN_BEGAN,
            Happened.ROLLBACK_BEGAN,
            Happened.PHASE_ROLLED_BACK,
        }
    ),
}
_NONE: Final = "none"


def named(words: tuple[str, ...]) -> frozenset[Kind] | Refusal:
    """The kinds that were typed; `all` is each of them, `none` ends every subscription."""
    typed = {word.strip(",").lower() for word in words} - {""}
    if typed == {"all"}:
        return frozenset(Kind)
    if typed == {_NONE}:
        return frozenset()
    unknown = sorted(typed - set(Kind))
    if unknown:
        known = ", ".join([*Kind, "all", _NONE])
        return Refusal("unknown-kind", f"'{unknown[0]}' is nothing to subscribe to.", f"There is: {known}.")
    return frozenset(map(Kind, typed))


def wanted(post: Post, rollout: Rollout, person: str, kinds: frozenset[str]) -> Kind | None:
    """By which of their kinds this person is to be told of the post, if by any; nobody is of their own act."""
    if post.actor == person:
        return None
    if Kind.MINE in kinds and person in _running(post, rollout):
        return Kind.MINE
    if post.topic == Happened.VERDICT_CHANGED and post.facts.get("outcome") != Outcome.FAIL:
        return None
    return next((kind for kind in COVERS if kind in kinds and post.topic in COVERS[kind]), None)


def _running(post: Post, rollout: Rollout) -> frozenset[str]:
    """Who runs this: opened the rollout, asked for the phase or started it."""
    run = rollout.run(post.phase)
    return frozenset({rollout.opened_by, run.requested_by if run else "", run.started_by if run else ""}) - {""}
