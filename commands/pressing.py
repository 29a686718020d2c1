"""Pressing: what a button means, whether that is still so, and whether this person may."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from bot.domain.moves import illegal
from bot.domain.people import Kind, Person
from bot.domain.permissions import Right
from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Meaning, Snapshot, Unreachable
from bot.views.message import Message
from bot.views.modals import MODALS, modal
from bot.views.text import escape
from commands.answering import overtaken, refused, said
from commands.asking import allowed
from commands.desk import Ask, Asked, Desk, Press

Form = Mapping[str, tuple[str, ...]]
UNKNOWN: Final = Message("This button is from another time; look at the newest card.")
CHANGED: Final = Message("What you saw has changed since, so nothing was recorded; look at the newest card.")
OPENS_WITHIN: Final = 1.0
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)>")
_MOVES: Final = frozenset(move.value for move in Move)


async def pressed(desk: Desk, ask: Ask, presses: Mapping[str, Press], button: str) -> Message | None:
    """Do what the button means, or open its form; None when the card shows it."""
    asked = await _understood(desk, ask, presses, button)
    if not isinstance(asked, Asked) or asked.meaning is None:
        return asked if isinstance(asked, Message) else UNKNOWN
    if asked.meaning.move in MODALS:
        return await opened(desk, asked, asked.meaning, button)
    return await _done(desk, asked, presses[asked.meaning.move])


async def submitted(desk: Desk, ask: Ask, presses: Mapping[str, Press], button: str, form: Form) -> Message | None:
    """Do what the form asks for; a message is why it was not done."""
    asked = await _understood(desk, ask, presses, button, form)
    if isinstance(asked, Asked):
        answer = await _done(desk, asked, presses[asked.meaning.move]) if asked.meaning else UNKNOWN
    else:
        answer = asked
    return await _named(desk, answer) if answer else None


async def opened(desk: Desk, asked: Asked, meaning: Meaning, button: str = "") -> Message | None:
    """Show the form of a move; the person is told when Slack did not take it."""
    if asked.live is None:
        return UNKNOWN
    known = button or (await desk.office.buttons.ids((meaning,)))[0]
    no = await desk.hands.open_modal(asked.ask.trigger, modal(meaning, known, asked.live, desk.now))
    return await refused(desk, no, asked.rollout, asked.plan.name) if no else None


async def _done(desk: Desk, asked: Asked, press: Press) -> Message | None:
    asked.ask.trail.begun = press.right is not Right.READ
    return await said(desk, asked, await press.run(desk, asked))


async def _understood(
    desk: Desk, ask: Ask, presses: Mapping[str, Press], button: str, form: Form | None = None
) -> Asked | Message:
    meaning = await desk.office.buttons.meaning(button)
    press = presses.get(meaning.move) if meaning else None
    if meaning is None or press is None:
        return UNKNOWN
    live = await desk.office.rollouts.load(meaning.rollout) if meaning.rollout else None
    anything = next(iter(desk.office.shelf.plans()), None)
    plan = anything if press.anywhere else await _plan(desk, ask, meaning, live)
    if plan is None or (meaning.rollout and live is None):
        return UNKNOWN
    # A preview may be older than the rollout that was opened since.
    live = live or (None if press.anywhere else next(iter(await desk.office.rollouts.live(plan.name)), None))
    name, current = (live.rollout.name, live.rollout.current.phase) if live else ("", "")
    ask.trail.lead_to(name, meaning.phase or current)
    opening = form is None and meaning.move in MODALS
    person = await _who(desk, ask, press, plan, live, meaning.phase, opening=opening)
    if isinstance(person, Refusal):
        return await refused(desk, person, ask.trail.rollout, plan.name)
    asked = Asked(ask, plan, live, person, meaning.phase, (), meaning, form or {})
    return await _stale(desk, asked, meaning) or asked


async def _who(
    desk: Desk, ask: Ask, press: Press, plan: Plan, live: Snapshot | None, phase: str, *, opening: bool
) -> Person | Refusal:
    """Who pressed. A form's trigger dies after three seconds, so it does not wait long: sending it asks again."""
    try:
        async with asyncio.timeout(OPENS_WITHIN if opening else None):
            return await allowed(
                desk, ask.person, press.right, plan, live, phase, by_guild=press.by_guild, fresh=not opening
            )
    except TimeoutError:
        if not opening:
            raise
        return Person(ask.person, ask.person, kind=Kind.FOREIGN)


async def _named(desk: Desk, answer: Message) -> Message:
    """People by their names: beside a field of a form Slack draws no mentions."""
    text = answer.text
    for user in set(_MENTION.findall(text)):
        try:
            person = await desk.office.directory.person(user, {})
        except Unreachable:
            continue
        text = text.replace(f"<@{user}>", f"<@{user}|{escape(person.name)}>")
    return Message(text)


async def _stale(desk: Desk, asked: Asked, meaning: Meaning) -> Message | None:
    """Whether the button shows a rollout that has gone on; who moved it is said."""
    if asked.live is None:
        return None
    run, move = asked.run, Move(meaning.move) if meaning.move in _MOVES else None
    # A proposal is for bytes that no attempt has yet; whether they are still the same is seen when it is made.
    bound = meaning.digest and move is not None and move is not Move.PROPOSE
    other = (meaning.attempt and meaning.attempt != run.attempt) or (bound and meaning.digest != run.digest)
    no = illegal(asked.live.rollout, run, move) if move else None
    if not other and no is None:
        return None
    more = await overtaken(desk, asked.live.rollout.name, meaning)
    if no is not None:
        return await refused(desk, no, asked.rollout, asked.plan.name, more)
    return Message(f"{CHANGED.text} {more}".strip())


async def _plan(desk: Desk, ask: Ask, meaning: Meaning, live: Snapshot | None) -> Plan | None:
    plans = desk.office.shelf.plans()
    name = live.rollout.plan if live else meaning.subject
    known = next((plan for plan in plans if plan.name == name), None)
    if known or live:
        return known or (live.plan if live else None)
    here = await desk.rooms.plans_in(ask.channel, ask.room) if ask.channel else ()
    return here[0] if len(here) == 1 else None
