"""Verbs: the two tables of the people's door, put together by name; what has no right is not in them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from bot.domain.permissions import Right
from bot.domain.refusals import Refusal
from bot.views.message import Message
from commands import approving, evidence, gating, home, moving, reading, starting, subscribing
from commands.answering import refused, said
from commands.asking import outsider, understood, unknown_verb
from commands.desk import Ask, Desk, Press, Verb


def verb_table(verbs: Iterable[Verb]) -> Mapping[str, Verb]:
    """Deny by default: a verb that says no right does not register."""
    return {verb.name: verb for verb in verbs if verb.right is not None}


def press_table(presses: Iterable[Press]) -> Mapping[str, Press]:
    return {press.move: press for press in presses if press.right is not None}


_SPOKEN: Final = (
    *reading.VERBS,
    *starting.VERBS,
    *gating.VERBS,
    *approving.VERBS,
    *moving.VERBS,
    *subscribing.VERBS,
    *evidence.VERBS,
)
VERBS: Final = verb_table((reading.helping(_SPOKEN), *_SPOKEN))
PRESSES: Final = press_table(
    (
        *reading.PRESSES,
        *starting.PRESSES,
        *gating.PRESSES,
        *approving.PRESSES,
        *moving.PRESSES,
        *subscribing.PRESSES,
        *home.PRESSES,
    )
)


async def spoken(desk: Desk, ask: Ask, verbs: Mapping[str, Verb] = VERBS) -> Message | None:
    """Answer what was typed; no words at all ask for help."""
    no = await outsider(desk, ask.person)
    if no:
        return await refused(desk, no)
    name, words = (ask.words[0].lower(), ask.words[1:]) if ask.words else ("help", ())
    verb = verbs.get(name)
    if verb is None:
        return await refused(desk, unknown_verb(name, verbs))
    asked = await understood(desk, replace(ask, words=words), verb)
    if isinstance(asked, Refusal):
        return await refused(desk, asked, ask.trail.rollout)
    ask.trail.begun = verb.right is not Right.READ
    return await said(desk, asked, await verb.run(desk, asked))
