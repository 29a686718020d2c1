"""Home: one person's tab: what waits for them, what is active, what is next; paged, within Slack's limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

from bot.domain import reasons
from bot.domain.people import Person
from bot.domain.rollout import PhaseRun
from bot.domain.standing import length
from bot.ports import Meaning, Snapshot
from bot.views import signs
from bot.views.blocks import context, divider, header, section
from bot.views.buttons import button, drawn, row
from bot.views.limits import cut, fitting
from bot.views.message import Block, Ids, Message
from bot.views.phases import SLACK, Scene, countdown_line, gates_line, hold_line
from bot.views.text import count, escape, plain, when
from bot.views.waiting import Wait, waiting

WAITING, ACTIVE, NEXT = "waiting", "active", "next"
PAGES: Final[Mapping[str, int]] = {WAITING: 10, ACTIVE: 8, NEXT: 8}
_SUBSCRIBE: Final = Meaning("", "subscribe")
_LINES: Final = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """One rollout that this person may see, and the person with the guilds that count in it."""

    snapshot: Snapshot
    person: Person


@dataclass(frozen=True)
class Tab:
    """What one person's home shows at one moment; `pages` counts from 0 for each part."""

    rollouts: tuple[Seen, ...]
    now: datetime
    pages: Mapping[str, int] = field(default_factory=dict)
    notice: str = ""

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Everything that waits for this person, rollout by rollout."""
        return tuple(
            wait
            for seen in self.rollouts
            for run in _acting(seen.snapshot)
            for wait in waiting(Scene(seen.snapshot, run, self.now), seen.person)
        )

    def page(self, part: str, number: int) -> int:
        """The page that is shown of so many items; one that is gone is the last."""
        return min(max(self.pages.get(part, 0), 0), max(number - 1, 0) // PAGES[part])


def _acting(seen: Snapshot) -> Sequence[PhaseRun]:
    """The phases that were touched, the current one first; before anything has begun, that one."""
    current = seen.rollout.current
    return (current, *(run for run in seen.rollout.phases if run.changed_at and run.phase != current.phase))


def home_meanings(tab: Tab) -> tuple[Meaning, ...]:
    """What the buttons of this page mean."""
    waits = tab.waits
    shown = [meaning for wait in of_page(tab, WAITING, waits) for meaning, _ in wait.buttons]
    whys = [_why(seen.snapshot) for seen in of_page(tab, ACTIVE, tab.rollouts)]
    turns = [
        _turn(part, number)
        for part, items in ((WAITING, waits), (ACTIVE, tab.rollouts), (NEXT, tab.rollouts))
        for number in _turns(tab, part, len(items))
    ]
    return tuple(dict.fromkeys((*shown, *whys, *turns, _SUBSCRIBE)))


def home(tab: Tab, ids: Ids) -> Block:
    """The whole tab; buttons without an id are left out."""
    waits = tab.waits
    blocks = [
        *([section(tab.notice), divider()] if tab.notice else []),
        *_part(tab, WAITING, "Waits for you", len(waits), "Nothing waits for you now."),
        *(block for wait in of_page(tab, WAITING, waits) for block in _waits(wait, ids)),
        *_pager(tab, WAITING, len(waits), ids),
        *_part(tab, ACTIVE, "Active", len(tab.rollouts), "No rollout is under way in your channels."),
        *(_active(seen.snapshot, tab.now, ids) for seen in of_page(tab, ACTIVE, tab.rollouts)),
        *_pager(tab, ACTIVE, len(tab.rollouts), ids),
        *_part(tab, NEXT, "Next", len(tab.rollouts), "Nothing is planned: no rollout is under way."),
        *(section(_next(seen.snapshot, tab.now)) for seen in of_page(tab, NEXT, tab.rollouts)),
        *_pager(tab, NEXT, len(tab.rollouts), ids),
        divider(),
        *row([_SUBSCRIBE], ids),
    ]
    return {"type": "home", "blocks": list(fitting(blocks))}


def empty_home(why: str) -> Block:
    """The tab of somebody who may see nothing, or of whom nothing can be known now; it says so."""
    return {"type": "home", "blocks": [header("Rollouts"), section(escape(why))]}


def told_form(answer: Message) -> Block:
    """What a press in the home answers: there is no channel there to say it in."""
    shown = [
        {name: part for name, part in block.items() if name != "accessory"}
        for block in answer.blocks or (section(escape(answer.text)),)
        if block["type"] in {"section", "context", "header", "divider"}
    ]
    words = {name: {"type": "plain_text", "text": text} for name, text in (("title", "Rollout"), ("close", "Close"))}
    return {"type": "modal", **words, "blocks": list(fitting(shown))}


def of_page(tab: Tab, part: str, items: Sequence[T]) -> Sequence[T]:
    """Those that the shown page of this part holds."""
    first = tab.page(part, len(items)) * PAGES[part]
    return items[first : first + PAGES[part]]


def _part(tab: Tab, part: str, title: str, number: int, nothing: str) -> list[Block]:
    """A title with how much there is, and which page of it this is."""
    if not number:
        return [header(title), context(nothing)]
    pages = -(-number // PAGES[part])
    page = f" · page {tab.page(part, number) + 1} of {pages}" if pages > 1 else ""
    return [header(title), context(f"{count(number, 'thing' if part == WAITING else 'rollout')}{page}")]


def _turns(tab: Tab, part: str, number: int) -> tuple[int, ...]:
    page, last = tab.page(part, number), max(number - 1, 0) // PAGES[part]
    return tuple(each for each in (page - 1, page + 1) if 0 <= each <= last)


def _turn(part: str, page: int) -> Meaning:
    return Meaning("", "page", subject=f"{part}/{page}")


def _pager(tab: Tab, part: str, number: int, ids: Ids) -> list[Block]:
    shown = tab.page(part, number)
    pages = _turns(tab, part, number)
    turns = [(_turn(part, page), f"‹ Page {page + 1}" if page < shown else f"Page {page + 1} ›") for page in pages]
    drawn_turns: list[object] = [button(label, turn, ids) for turn, label in turns if turn in ids]
    return [{"type": "actions", "elements": drawn_turns}] if drawn_turns else []


def _waits(wait: Wait, ids: Ids) -> list[Block]:
    named = {meaning: label for meaning, label in wait.buttons if label}
    return [section(cut(wait.words, 2900)), *row([meaning for meaning, _ in wait.buttons], ids, named)]


def _why(seen: Snapshot) -> Meaning:
    run = seen.rollout.current
    return Meaning(seen.rollout.name, "why", run.phase, run.attempt, run.digest)


def _active(seen: Snapshot, now: datetime, ids: Ids) -> Block:
    run = seen.rollout.current
    scene = Scene(seen, run, now)
    since = f" since {when(run.changed_at)}" if run.changed_at else ""
    lines = [
        f"*{escape(seen.plan.title)}* · {escape(seen.rollout.name)} · {escape(seen.plan.channel)}",
        f"{escape(run.phase)} is {signs.state(run)}{since}",
        *(line for line in (countdown_line(scene), hold_line(scene), _soak_left(scene)) if line),
        *([gates_line(scene)] if run.digest and scene.gates else []),
    ]
    asked = _why(seen)
    return section(cut("\n".join(lines), 2900), drawn(asked, ids) if asked in ids else None)


def _soak_left(scene: Scene) -> str:
    soak = scene.phase.soak if scene.phase else None
    if soak is None or scene.run.applied_at is None:
        return ""
    left = soak.at_least - scene.seen.board.soaked(scene.run).earned
    return f"Soak: {length(left)} of {length(soak.at_least)} left" if left.total_seconds() > 0 else "Soak: earned"


def _next(seen: Snapshot, now: datetime) -> str:
    run = seen.rollout.current
    found = reasons.next_moves(seen.rollout, seen.plan, seen.copies, seen.board, run, now, seen.intents, SLACK)
    lines = [f"• {line}" for line in found[:_LINES]]
    more = [f"• and {len(found) - _LINES} more: `/rollout next`"] if len(found) > _LINES else []
    lines += [*more, *(f"• {line}" for line in _due(seen))]
    head = f"*{escape(seen.plan.title)}* · {escape(plain(run.phase))}"
    return cut("\n".join([head, *lines]), 2900)


def _due(seen: Snapshot) -> list[str]:
    """Phases that wait for a moment after another phase, each with the moment."""
    known = {run.phase: run.applied_at for run in seen.rollout.phases}
    dated = [
        (known.get(phase.due.after), phase) for phase in seen.plan.phases if phase.due and not known.get(phase.name)
    ]
    return [
        f"{escape(phase.name)} is due at {when(after + phase.due.wait)}"
        for after, phase in dated
        if after and phase.due
    ][:_LINES]
