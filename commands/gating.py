"""Gating: show the gates, have them read now, attest and waive."""

from dataclasses import replace

from bot.domain.moves import fresh
from bot.domain.nearest import did_you_mean
from bot.domain.people import CLOCKWORK
from bot.domain.permissions import Right
from bot.domain.plan import Phase
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Snapshot
from bot.views.gates import judged, standing_lines
from bot.views.message import Message
from bot.views.text import escape
from commands.answering import refused
from commands.desk import Asked, Desk, Press, Result, Takes, Verb
from commands.forms import ask_for

_RUN = "run"


async def gates(desk: Desk, asked: Asked) -> Result:
    """`gates [PHASE]` shows what stands; `gates run [PHASE]` reads now."""
    reads, words = asked.rest[:1] == (_RUN,), asked.rest[1:]
    named = words[0] if reads and words else asked.rest[0] if asked.rest and not reads else asked.phase
    phase = asked.plan.phase(named)
    if phase is None:
        names = [each.name for each in asked.plan.phases]
        return Refusal("unknown-phase", f"{asked.plan.title} has no phase '{named}'.", did_you_mean(named, names))
    there = replace(asked, phase=phase.name)
    return await read_now(desk, there, phase) if reads else await show_gates(desk, there)


async def show_gates(desk: Desk, asked: Asked) -> Message:
    rollout = fresh(asked.plan.name, asked.plan, CLOCKWORK, desk.now)
    return standing_lines(asked.live or Snapshot(rollout, asked.plan), asked.run, desk.now)


async def read_now(desk: Desk, asked: Asked, phase: Phase) -> Message:
    """Ask for the readings; they take as long as they take, and the answer comes as a message of its own."""
    number = f"Reading {len(phase.gates)} gates of {escape(phase.name)}"
    copy = asked.live.copies.get(asked.run.digest) if asked.live else None
    if asked.live and copy:
        asked.ask.trail.begun = True  # anybody who may read may ask for it, and still it is written
        await desk.office.gates.ask_now(asked.rollout, asked.run, asked.person)
        return Message(f"{number}; the answer comes in the rollout's thread.")
    desk.later(desk, asked.ask, lambda: _read(desk, asked, phase))
    return Message(f"{number}; the answer comes in this channel.")


async def _read(desk: Desk, asked: Asked, phase: Phase) -> Message | None:
    """Without an attempt there is nothing to record; the reading is told to the channel that asked."""
    read = await desk.office.gates.judge_plan(asked.plan, phase.name)
    if isinstance(read, Refusal):
        return await refused(desk, read, asked.rollout, asked.plan.name)
    await desk.hands.say(asked.ask.channel, asked.ask.thread, judged(phase, read))
    return None


async def attest(desk: Desk, asked: Asked) -> Result:
    statement = " ".join(asked.form.get("statement", ()))
    names = asked.form.get("gates", ())
    return await desk.office.gates.attest(asked.rollout, asked.phase, names, statement, asked.person)


async def waive(desk: Desk, asked: Asked) -> Result:
    """The form: one gate, for one of the guilds that the person is in."""
    chosen = asked.form.get("gates", ())
    gate = chosen[0] if chosen else asked.meaning.subject if asked.meaning else ""
    return await _waived(desk, asked, gate, next(iter(asked.form.get("guild", ())), ""))


async def waive_typed(desk: Desk, asked: Asked) -> Result:
    """`waive [PHASE] GATE [GUILD] because REASON`."""
    gate, words = (asked.rest[0], asked.rest[1:]) if asked.rest else ("", ())
    guild, words = (words[0], words[1:]) if words and words[0] in asked.quorum else ("", words)
    there = replace(asked, rest=words)
    if not gate or not there.reason:
        return await ask_for(desk, asked, Move.WAIVE, gate)
    return await _waived(desk, there, gate, guild)


async def _waived(desk: Desk, asked: Asked, gate: str, guild: str) -> Result:
    mine = sorted(asked.person.guilds & set(asked.quorum))
    if guild and guild not in mine:
        return Refusal("approval-member", f"Only members of {guild} can waive for {guild}.")
    if not guild and len(mine) > 1:
        return Refusal(
            "guild", f"You are in {' and '.join(mine)}.", f"Say for which: `waive {gate} {mine[0]} because …`."
        )
    chosen = guild or next(iter(mine), "")
    return await desk.office.gates.waive(asked.rollout, asked.phase, gate, chosen, asked.reason, asked.person)


VERBS = (
    Verb(
        "gates",
        "gates [run] [PHASE]",
        "what each gate says; `run` reads now",
        gates,
        Right.READ,
        Takes.FREE,
        needs_live=False,
    ),
    Verb(
        "waive",
        "waive [PHASE] GATE because REASON",
        "go on without this gate's pass, by name",
        waive_typed,
        Right.ANSWER,
        Takes.FREE,
        Move.WAIVE,
    ),
)


async def show_by_button(desk: Desk, asked: Asked) -> Result:
    return await show_gates(desk, asked)


PRESSES = (
    Press("gates", show_by_button, Right.READ),
    Press(Move.ATTEST, attest, Right.ANSWER),
    Press(Move.WAIVE, waive, Right.ANSWER),
)
