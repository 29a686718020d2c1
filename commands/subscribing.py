"""Subscribing: what somebody wants to be told of by direct message."""

from bot.domain.permissions import Right
from bot.domain.refusals import Refusal
from bot.domain.subscriptions import Kind, named
from bot.ports import Meaning
from bot.views.message import Message
from bot.views.subscriptions import FIELD, subscribed, subscription_form
from commands.desk import Asked, Desk, Press, Result, Takes, Verb

_NOWHERE = Refusal("not-available", "Direct messages are not set up here.")
_FORM = Meaning("", "subscribe")


async def subscribe(desk: Desk, asked: Asked) -> Result:
    """`subscribe KIND…` is answered; alone it opens the form, or says what stands where there is no form."""
    if not asked.rest:
        return await _form(desk, asked)
    kinds = named(asked.rest)
    return kinds if isinstance(kinds, Refusal) else await _kept(desk, asked, kinds)


async def subscribe_by_form(desk: Desk, asked: Asked) -> Result:
    """The button opens the form, and the form is kept; no box ticked ends every subscription."""
    if FIELD not in asked.form:
        return await _form(desk, asked)
    kinds = named(asked.form[FIELD])
    kept = kinds if isinstance(kinds, Refusal) else await _kept(desk, asked, kinds)
    return kept if isinstance(kept, Refusal) else None


async def _form(desk: Desk, asked: Asked) -> Result:
    if desk.office.subscriptions is None:
        return _NOWHERE
    chosen = await desk.office.subscriptions.of(asked.person.id)
    if not asked.ask.trigger:
        return subscribed(chosen)
    (button,) = await desk.office.buttons.ids((_FORM,))
    return await desk.hands.open_modal(asked.ask.trigger, subscription_form(button, chosen))


async def _kept(desk: Desk, asked: Asked, kinds: frozenset[Kind]) -> Message | Refusal:
    if desk.office.subscriptions is None:
        return _NOWHERE
    asked.ask.trail.begun = True
    await desk.office.subscriptions.put(asked.person.id, [kind.value for kind in kinds])
    return subscribed(kinds)


VERBS = (
    Verb(
        "subscribe",
        "subscribe [KIND…]",
        "be told directly: approvals, phases, trouble, mine; `none` ends it",
        subscribe,
        Right.READ,
        Takes.FREE,
        needs_live=False,
        anywhere=True,
    ),
)
PRESSES = (Press("subscribe", subscribe_by_form, Right.READ, anywhere=True),)
