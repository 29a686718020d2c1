"""Asking: from words in a channel to who asks, about which phase of which rollout, and whether he may."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from bot.domain.nearest import did_you_mean
from bot.domain.people import Person
from bot.domain.permissions import Right, may
from bot.domain.plan import Plan
from bot.domain.reasons import next_phase
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun, State
from bot.ports import Snapshot
from commands.desk import Ask, Asked, Desk, Takes, Verb, guilds, quorum, run_by
from commands.rooms import no_plan_here, plan_of

# So near to a phase that it is more likely a slip than the first word of a reason.
_SLIP: Final = 0.8
_AGAIN: Final = frozenset({State.PENDING, State.PROPOSED, State.ABORTED, State.ROLLED_BACK})
_PLAIN: Final = frozenset({Right.READ, Right.HOLD})


async def understood(desk: Desk, ask: Ask, verb: Verb) -> Asked | Refusal:
    """Everything that a verb needs to run; its right is checked for the phase that it is about."""
    known = desk.office.shelf.plans()
    here = known[:1] if verb.anywhere else await desk.rooms.plans_in(ask.channel, ask.room)
    chosen = plan_of(here, ask.words) if here else no_plan_here(known)
    if isinstance(chosen, Refusal):
        return chosen
    plan, words = chosen
    live = await _rollout(desk, plan, ask.words[: len(ask.words) - len(words)])
    if isinstance(live, Refusal):
        return live
    if live is None and verb.needs_live:
        return no_rollout(plan)
    found = _phase(plan, live, words, verb)
    if isinstance(found, Refusal):
        return found
    phase, rest = found
    # What is asked of no plan is about no rollout, and a bug in it holds none.
    ask.trail.lead_to(live.rollout.name if live and not verb.anywhere else "", phase)
    person = await allowed(desk, ask.person, verb.right, plan, live, phase, by_guild=verb.name == "help")
    return person if isinstance(person, Refusal) else Asked(ask, plan, live, person, phase, rest)


async def outsider(desk: Desk, user: str) -> Refusal | None:
    """Whoever is no full member of the workspace learns nothing, not even which verbs and phases there are."""
    person = await desk.office.directory.person(user, {})
    return may(person, Right.READ, "", {})


async def allowed(
    desk: Desk,
    user: str,
    right: Right | None,
    plan: Plan,
    live: Snapshot | None,
    phase: str,
    *,
    by_guild: bool = False,
    fresh: bool = True,
) -> Person | Refusal:
    """The person, if he has the right; what has no right nobody may do. `fresh` asks Slack anew where it counts."""
    if right is None:
        return Refusal("permission", "Nobody may do this.")
    if fresh and right in {Right.ANSWER, Right.RUN}:
        desk.forget(user)
    run = (live.rollout.run(phase) if live else None) or PhaseRun(phase)
    # To read and to hold one need not be in a guild; so they go on when the guilds cannot be read.
    asked = {} if right in _PLAIN and not by_guild else guilds(plan, live, run)
    person = await desk.office.directory.person(user, asked)
    return may(person, right, run_by(plan, live, run), quorum(plan, run)) or person


async def _rollout(desk: Desk, plan: Plan, named: tuple[str, ...]) -> Snapshot | Refusal | None:
    """The plan's live rollout, or the one that was named."""
    if named and named[0] != plan.name:
        found = await desk.office.rollouts.load(named[0])
        return found or Refusal("unknown-rollout", f"There is no rollout '{named[0]}'.", "See `/rollout plans`.")
    return next(iter(await desk.office.rollouts.live(plan.name)), None)


def no_rollout(plan: Plan) -> Refusal:
    first = plan.phases[0].name
    return Refusal(
        "no-rollout",
        f"No rollout of {plan.title} is under way.",
        f"`/rollout start {first}` opens one.",
        ("preview", first),
    )


def _phase(
    plan: Plan, live: Snapshot | None, words: tuple[str, ...], verb: Verb
) -> tuple[str, tuple[str, ...]] | Refusal:
    default = _default(plan, live, verb)
    first = words[0] if words else ""
    if verb.takes is Takes.NOTHING or not first:
        return default, words
    if plan.phase(first) is not None:
        return first, words[1:]
    names = [phase.name for phase in plan.phases]
    if verb.takes in {Takes.PHASE, Takes.FORWARD}:
        return Refusal("unknown-phase", f"{plan.title} has no phase '{first}'.", _capital(did_you_mean(first, names)))
    if verb.takes is Takes.REASON and (slip := get_close_matches(first, names, n=1, cutoff=_SLIP)):
        rest = " ".join(words)
        remedy = f"If it belongs to your reason, name the phase first: `/rollout {verb.name} {default} {rest}`."
        return Refusal("unknown-phase", f"'{first}' is no phase; did you mean '{slip[0]}'?", remedy)
    return default, words


def _default(plan: Plan, live: Snapshot | None, verb: Verb) -> str:
    if live is None:
        return plan.phases[0].name
    rollout = live.rollout
    if verb.name == "rollback" and rollout.newest_forward:
        return rollout.newest_forward.phase
    if verb.takes is Takes.FORWARD and rollout.current.state not in _AGAIN:
        after = next_phase(rollout, plan)
        return after.name if after else rollout.current.phase
    return rollout.current.phase


def unknown_verb(word: str, verbs: Iterable[str]) -> Refusal:
    return Refusal("unknown-verb", f"There is no verb '{word}'.", _capital(did_you_mean(word, verbs)))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('?', '.')) else '.'}"
