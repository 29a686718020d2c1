"""Home: the tabs of the people who opened them, kept true as rollouts move, at most every few seconds each."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.permissions import Right, may
from bot.ports import Busy, LostLease, Snapshot, Unreachable
from bot.views.home import PAGES, Seen, Tab, empty_home, home, home_meanings, told_form
from bot.views.message import Block, Ids, Message
from bot.views.text import escape, plain
from bot.workflows.addressing import Addressees, guilds_of
from bot.workflows.office import Office
from commands.desk import Ask, Asked, Desk, Press, Result

_LOG: Final = structlog.get_logger(__name__)
EVERY: Final = 3.0
# Somebody who does something in the tab sees it sooner.
SOON: Final = 0.5
MOST: Final = 200  # tabs that are kept true; whoever opened theirs longest ago opens it again
AT_ONCE: Final = 5  # in one round, so that a change that everybody sees stays within Slack's rate
_PAUSE: Final = 30.0
_TOO_MANY: Final = 429
# Shows the view to the person; answers how many seconds Slack wants to be left alone.
Publish = Callable[[str, Block], Awaitable[float]]


@dataclass
class _Open:
    """One tab that somebody looked at: its pages, what stands there, and since when."""

    pages: dict[str, int] = field(default_factory=dict)
    shown: Block | None = None
    at: float = float("-inf")
    stirred: bool = True
    notice: str = ""


@dataclass
class Homes:
    """Keeps the tabs of those who opened them. A lost refresh is harmless: opening the tab draws it anew."""

    office: Office
    addressees: Addressees
    publish: Publish
    elapsed: Callable[[], float] = time.monotonic
    _tabs: dict[str, _Open] = field(default_factory=dict)
    _not_before: float = 0.0

    def stir(self) -> None:
        """Something was written: what the tabs show may have changed."""
        for tab in self._tabs.values():
            tab.stirred = True

    async def opened(self, person: str) -> None:
        """Draw the tab of somebody who has just opened it, from its first pages."""
        before = self._tabs.pop(person, _Open())
        while len(self._tabs) >= MOST:
            del self._tabs[next(iter(self._tabs))]
        # However often it is opened, it is drawn no oftener.
        self._tabs[person] = _Open(shown=before.shown, at=before.at)
        await self._draw(person, SOON)

    async def acted(self, person: str, notice: str = "") -> None:
        """Draw it after something that the person did there; a notice stands above until they do something else."""
        tab = self._tabs.setdefault(person, _Open())
        tab.stirred, tab.notice = True, notice
        await self._draw(person, SOON)

    def turn(self, person: str, part: str, page: int) -> None:
        self._tabs.setdefault(person, _Open()).pages[part] = page

    async def refresh(self) -> int:
        """Draw what has changed, those that waited longest first; answers how many were drawn."""
        due = sorted((tab.at, person) for person, tab in self._tabs.items() if tab.stirred)
        return sum([await self._draw(person, EVERY) for _, person in due[:AT_ONCE]])

    async def _draw(self, person: str, every: float) -> bool:
        """Publish the tab if it is another than before; too soon, it waits for the next round."""
        tab, now = self._tabs.get(person), self.elapsed()
        if tab is None or now - tab.at < every or now < self._not_before:
            return False
        tab.stirred, tab.at = False, now
        try:
            view = await self._view(person, tab)
        except (Unreachable, Busy) as why:
            # What stands there is not worse than nothing; it is drawn again as soon as that can be known.
            tab.stirred = True
            if tab.shown is not None:
                return False
            view = _trouble(why)
        if view == tab.shown:
            return False
        pause = await self.publish(person, view)
        if pause:
            self._not_before, tab.stirred = now + pause, True
        else:
            tab.shown = view
        return not pause

    async def _view(self, person: str, tab: _Open) -> Block:
        seen = await self._seen(person)
        if isinstance(seen, str):
            return empty_home(seen)
        shown = Tab(seen, self.office.clock.now(), dict(tab.pages), tab.notice)
        return home(shown, await self._ids(shown))

    async def _seen(self, person: str) -> tuple[Seen, ...] | str:
        """The rollouts that this person may see, with who they are in each; or why there is nothing to see."""
        who = await self.office.directory.person(person, {})
        no = may(who, Right.READ, "", {})
        if no:
            return f"There is nothing here for you. {no}"
        live = [seen for seen in await self.office.rollouts.live() if await self.addressees.sees(who, seen)]
        rooms = await self.addressees.rooms_of(person)
        if not any(plan.channel in rooms for plan in self.office.shelf.plans()) and not live:
            return "There is nothing here for you: no plan lives in a channel that you are in."
        return tuple([await self._as_seen(person, seen) for seen in live])

    async def _as_seen(self, person: str, seen: Snapshot) -> Seen:
        guilds = guilds_of(seen, seen.rollout.current)
        return Seen(seen, await self.office.directory.person(person, guilds))

    async def _ids(self, tab: Tab) -> Ids:
        """Ids to draw buttons with; without a store to write them to, the tab comes without buttons."""
        meanings = home_meanings(tab)
        try:
            return dict(zip(meanings, await self.office.buttons.ids(meanings), strict=True))
        except (Busy, LostLease):
            return {}


def _trouble(why: Unreachable | Busy) -> Block:
    if isinstance(why, Busy):
        return empty_home("Busy; this fills in a moment.")
    return empty_home(f"Slack cannot say who is who now: {why}. This fills as soon as it can.")


@dataclass(frozen=True)
class SlackTabs:
    """Publishes tabs through one Web API client; what Slack does not take is logged, and drawn again later."""

    client: AsyncWebClient

    async def publish(self, person: str, view: Block) -> float:
        try:
            await self.client.views_publish(user_id=person, view=view)
        except SlackApiError as no:
            if getattr(no.response, "status_code", 0) == _TOO_MANY:
                return _seconds(str(no.response.headers.get("Retry-After", "")))
            _LOG.warning("a home tab was refused", person=person, error=str(no.response.get("error")))
        except (SlackClientError, ClientError, TimeoutError, OSError) as no:
            _LOG.warning("a home tab was not published", person=person, why=type(no).__name__)
            return EVERY
        return 0.0


def _seconds(told: str) -> float:
    return min(max(float(told), 1.0), 300.0) if told.replace(".", "", 1).isdigit() else _PAUSE


async def answered(desk: Desk, ask: Ask, answer: Message) -> None:
    """Tell what a press in the tab came to: in a form of its own, or above the tab when that is too late."""
    no = await desk.hands.open_modal(ask.trigger, told_form(answer))
    if no and desk.office.homes:
        await desk.office.homes.acted(ask.person, escape(plain(answer.text)))


async def turn_page(desk: Desk, asked: Asked) -> Result:
    """‹ and ›: another page of one part; who pressed sees it, and nobody else."""
    part, _, page = (asked.meaning.subject if asked.meaning else "").partition("/")
    if part in PAGES and page.isdigit() and desk.office.homes:
        desk.office.homes.turn(asked.person.id, part, int(page))
    return None


PRESSES = (Press("page", turn_page, Right.READ, anywhere=True),)
