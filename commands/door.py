"""The door: one listener each for what is typed, pressed, sent and mentioned; each parses, asks and answers."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from structlog.contextvars import bound_contextvars

from bot.domain.people import CLOCKWORK
from bot.ports import DELIVERY, Busy, Delivery, LostLease, Repeated, Uncertain, Unreachable
from bot.views.message import Message
from bot.views.text import escape
from bot.workflows.office import Office
from commands.arrivals import Arrived
from commands.deliveries import Deliveries
from commands.desk import Ask, Desk, Work
from commands.directory import SlackDirectory
from commands.home import answered
from commands.payloads import Body, errors, form_of, mentioned_ask, opened_ask, pressed_ask, shown, typed_ask
from commands.pressing import pressed, submitted
from commands.reception import Listener
from commands.rooms import Rooms
from commands.slackside import SlackHands
from commands.verbs import PRESSES, spoken

COMMAND: Final = "/rollout"
MENTION: Final = "app_mention"
HOME: Final = "app_home_opened"
OURS: Final = re.compile(r"^rollout:")
Aside = Callable[[Message], Coroutine[Any, Any, None]]
_LOG: Final = structlog.get_logger(__name__)
# Slack waits for three seconds; the store gives up after 1.8 of its own.
BUDGET: Final = 2.5
BUSY: Final = Message("Busy; nothing was recorded, try again.")
LATE: Final = Message("This took too long; nothing was recorded, try again.")
UNCERTAIN: Final = Message("This took too long; look at the card first: it may have been recorded, or not.")
BROKEN: Final = Message("Something broke here; nothing more was done. Code rollout-bug")


@dataclass(frozen=True)
class Door:
    """What the listeners of one app share; `settle` and `close` see to what is still to be said.

    `listeners` are the app's own of each command.
    """

    desk: Desk
    deliveries: Deliveries[Message | None]
    listeners: dict[str, Listener] = field(default_factory=dict)

    async def serve(self, key: str, ask: Ask, work: Work, aside: Aside | None = None) -> Message | None:
        """The answer to one delivery, however often Slack hands it over; `aside` says it, once.

        `key` is for a delivery that came without the keys of its repeats.
        """
        delivery = DELIVERY.get()

        async def once() -> Message | None:
            answer = await self._served_before(delivery) or await guarded(self.desk, ask, work)
            if answer and aside:
                self.desk.errands.run(aside(answer))
            return answer

        return await self.deliveries.once(delivery.keys if delivery else (key,), once)

    async def _served_before(self, delivery: Delivery | None) -> Message | None:
        """What to say when an earlier process recorded this; that it is recorded once rests on the store alone."""
        if not isinstance(delivery, Arrived) or not delivery.suspect:
            return None
        at = await _seen(self.desk, delivery)
        return repeated(at) if at else None

    async def settle(self) -> None:
        await self.desk.errands.settle()

    async def close(self) -> None:
        await self.desk.errands.close()


def bolt_app(web: AsyncWebClient, identity: Mapping[str, str]) -> AsyncApp:
    """An app that acknowledges when its listener has ended: none of ours awaits an effect or a message."""
    bot = AuthorizeResult(
        enterprise_id=None,
        team_id=identity["team_id"],
        bot_token=web.token,
        bot_id=identity["bot_id"],
        bot_user_id=identity["user_id"],
    )

    async def authorize() -> AuthorizeResult:
        return bot

    return AsyncApp(client=web, authorize=authorize, process_before_response=True)


def open_door(app: AsyncApp, office: Office, web: AsyncWebClient, command: str = COMMAND) -> Door:
    """Register the listeners with an app."""
    hands, clock = SlackHands(web), office.clock
    rooms = Rooms(office.shelf.plans, hands.name_of, clock.real)
    # Who is who is remembered for moments; only Slack's own directory has anything to forget.
    forget = office.directory.forget if isinstance(office.directory, SlackDirectory) else _nothing
    door = Door(Desk(office, rooms, hands, later, forget), Deliveries(clock.real))
    _listen_to_words(app, door, command)
    _listen_to_presses(app, door)
    _listen_to_homes(app, door)
    return door


def _nothing(_: str) -> None:
    """There is nothing to forget."""


def repeated(at: datetime | None) -> Message:
    """The answer to what was served before."""
    when = f" at <!date^{int(at.timestamp())}^{{time_secs}}|{at:%H:%M:%S} UTC>" if at else " before"
    return Message(f"This was received{when} and is not done twice; see the card.")


async def _seen(desk: Desk, delivery: Delivery | None) -> datetime | None:
    """When this was recorded, where that can be read now."""
    known = desk.office.deliveries
    if known is None or delivery is None:
        return None
    try:
        return await known.seen(delivery.keys)
    except Busy:
        return None


async def guarded(desk: Desk, ask: Ask, work: Work, budget: float | None = BUDGET) -> Message | None:
    """Do it within the budget; every trouble becomes an honest answer, and a bug holds the rollout."""
    try:
        # Rollout and phase are bound where they are understood, and forgotten here.
        with bound_contextvars(actor=ask.person, rollout="", phase=""):
            async with asyncio.timeout(budget):
                return await work()
    except Uncertain:
        return UNCERTAIN
    except (Busy, LostLease):
        return BUSY
    except Repeated:
        return repeated(await _seen(desk, DELIVERY.get()))
    except Unreachable as why:
        return Message(f"Slack cannot say who is who now: {escape(why)}. Nothing was recorded; try again.")
    except TimeoutError:
        return UNCERTAIN if ask.trail.begun else LATE
    except Exception:  # noqa: BLE001 - the one place of this door where a bug ends
        _LOG.exception("rollout-bug", person=ask.person, rollout=ask.trail.rollout, phase=ask.trail.phase)
        desk.errands.run(_held(desk, ask))
        return BROKEN


async def _held(desk: Desk, ask: Ask) -> None:
    if not ask.trail.rollout:
        return
    reason = "something broke in the bot (rollout-bug); its log has the details"
    try:
        await desk.office.progress.hold(ask.trail.rollout, ask.trail.phase, reason, CLOCKWORK)
    except (Busy, LostLease, KeyError) as why:
        _LOG.warning("not held after a bug", rollout=ask.trail.rollout, why=str(why))


def later(desk: Desk, ask: Ask, work: Work) -> None:
    """Do it after the answer has left; only what went wrong is told to the one who asked."""

    async def errand() -> None:
        answer = await guarded(desk, ask, work, budget=None)
        if answer:
            await desk.hands.whisper(ask.channel, ask.thread, ask.person, answer)

    desk.errands.run(errand())


def _listen_to_words(app: AsyncApp, door: Door, command: str) -> None:
    async def typed(ack: AsyncAck, body: Body) -> None:
        ask = typed_ask(body)
        answer = await door.serve(ask.trigger, ask, lambda: spoken(door.desk, ask))
        # Named so that the answer always leaves as JSON: a bare text could be taken for something else.
        await (ack(**shown(answer), response_type="ephemeral") if answer else ack())

    app.command(command)(typed)
    door.listeners[command] = typed

    @app.event(MENTION)
    async def mentioned(body: Body, event: Body, context: AsyncBoltContext) -> None:
        ask = mentioned_ask(event, context.bot_user_id or "")
        whisper = partial(door.desk.hands.whisper, ask.channel, ask.thread, ask.person)
        if ask.person:  # not another bot
            await door.serve(str(body.get("event_id", "")), ask, lambda: spoken(door.desk, ask), whisper)


def _listen_to_presses(app: AsyncApp, door: Door) -> None:
    @app.action(OURS)
    async def clicked(ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        ask, button = pressed_ask(body), str(action.get("value"))
        reply = partial(answered, door.desk, ask) if ask.home else partial(_reply, respond, ask.thread)
        await door.serve(ask.trigger, ask, lambda: pressed(door.desk, ask, PRESSES, button), reply)
        await ack()
        if ask.home:
            _draw_home(door.desk, ask)

    @app.view(OURS)
    async def sent(ack: AsyncAck, body: Body, view: Body) -> None:
        ask, button = pressed_ask(body), str(view.get("private_metadata"))
        form = form_of(view)
        answer = await door.serve(ask.trigger, ask, lambda: submitted(door.desk, ask, PRESSES, button, form))
        await ack(**errors(view, answer))


def _listen_to_homes(app: AsyncApp, door: Door) -> None:
    @app.event(HOME)
    async def opened(event: Body) -> None:
        ask = opened_ask(event)
        if ask.person:
            _draw_home(door.desk, ask, opened=True)


def _draw_home(desk: Desk, ask: Ask, *, opened: bool = False) -> None:
    """Draw the tab after the answer has left; what goes wrong is logged, and mended when it is opened again."""
    homes = desk.office.homes
    if homes is None:
        return

    async def draw() -> None:
        await (homes.opened(ask.person) if opened else homes.acted(ask.person))

    async def errand() -> None:
        trouble = await guarded(desk, ask, draw, budget=None)
        if trouble:
            _LOG.warning("a home tab was not drawn", person=ask.person, why=trouble.text)

    desk.errands.run(errand())


async def _reply(respond: AsyncRespond, thread: str, answer: Message) -> None:
    """To the one who pressed, and to nobody else; the message with the button stays."""
    try:
        await respond(**shown(answer), response_type="ephemeral", replace_original=False, thread_ts=thread or None)
    except (SlackClientError, ClientError, OSError, ValueError) as no:
        # A press in a place that takes no answers comes without an address for one.
        _LOG.warning("a press was not answered", why=str(no))
