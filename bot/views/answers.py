"""Answers: what the one who asked is told: refusals with a remedy, reasons, the state, the plans, the flags, help."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain import reasons
from bot.domain.codes import CODES
from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun
from bot.ports import Meaning, Snapshot
from bot.views import signs
from bot.views.blocks import context, listing, parted, section
from bot.views.buttons import row
from bot.views.definitions import variables
from bot.views.limits import fit
from bot.views.message import Ids, Message
from bot.views.phases import SLACK, Scene, countdown_line, gates_line, hold_line, soak_line, title_of
from bot.views.previews import flag_lines
from bot.views.text import capital, code, count, escape, plain_marks


def answer(sentence: str) -> Message:
    """One sentence as it is."""
    shown = escape(sentence)
    return fit(Message(shown, (section(shown),)))


def refusal_meanings(refused: Refusal, rollout: str = "", plan: str = "") -> tuple[Meaning, ...]:
    """The move that would help, if the refusal names one; the plan is its subject."""
    if refused.offers is None:
        return ()
    move, phase = refused.offers
    return (Meaning(rollout, move, phase, subject=plan),)


def refusal(refused: Refusal, ids: Ids | None = None) -> Message:
    """Why not, what to do instead, and a button for it."""
    known = ids or {}
    offered = [each for each in known if (each.move, each.phase) == refused.offers]
    reason, remedy = escape(refused.reason), escape(refused.remedy)
    labels = {each: f"{each.move.capitalize()} {each.phase}" for each in offered}
    said = section(f"🚫 {reason}\n{remedy}" if remedy else f"🚫 {reason}")
    blocks = (said, *row(offered, known, labels), context(f"Code: {escape(refused.code)}"))
    return fit(Message(f"{reason} {remedy}".strip(), blocks))


def explained(code_asked: str) -> Message:
    """What a code means and what to do; without one that is known, those that are."""
    found = CODES.get(code_asked)
    if found is None:
        return fit(Message(f"The codes are: {', '.join(CODES)}. `/rollout explain CODE` says what one means."))
    return answer(f"{code_asked}: {found.meaning} {found.remedy}")


def why(seen: Snapshot, run: PhaseRun, now: datetime) -> Message:
    """Every reason why the phase is where it is and does not move on."""
    found = reasons.why(seen.rollout, seen.plan, seen.copies, seen.board, run, now, seen.intents, SLACK)
    return _listed(f"Why {escape(run.phase)} is {run.state.words}{', held' if run.hold else ''}", found)


def next_steps(seen: Snapshot, run: PhaseRun, now: datetime) -> Message:
    """What happens next, and by whom."""
    found = reasons.next_moves(seen.rollout, seen.plan, seen.copies, seen.board, run, now, seen.intents, SLACK)
    return _listed(f"Next for {escape(run.phase)}", found)


def _listed(title: str, lines: Sequence[str]) -> Message:
    return fit(Message(f"{title}: {plain_marks(' '.join(lines))}", tuple(listing(title, lines))))


def status(live: Sequence[Snapshot], now: datetime, links: Mapping[str, str] | None = None) -> Message:
    """Where each rollout stands; `links` leads to a card by its rollout's name."""
    if not live:
        text = "No rollout is under way."
        return Message(text, (section(text),))
    lines = [line for seen in live for line in _rollout_lines(seen, now, (links or {}).get(seen.rollout.name, ""))]
    text = "; ".join(_short_state(seen) for seen in live)
    return fit(Message(f"{text}.", tuple(section(part) for part in parted(lines))))


def _short_state(seen: Snapshot) -> str:
    run = seen.rollout.current
    held = ", held" if run.hold else ""
    return f"{escape(seen.rollout.name)}: {escape(run.phase)} is {run.state.words}{held}"


def _rollout_lines(seen: Snapshot, now: datetime, link: str) -> list[str]:
    scene = Scene(seen, seen.rollout.current, now)
    card = f" · <{escape(link)}|the card>" if link.startswith("https://") and not set(link) & set("|<> ") else ""
    head = f"*{escape(seen.plan.title)}* · {escape(seen.rollout.name)}{card}"
    phases = " · ".join(f"{signs.STATES[run.state]} {escape(run.phase)} {run.state.words}" for run in _begun(seen))
    facts = (countdown_line(scene), hold_line(scene), soak_line(scene), gates_line(scene) if scene.run.digest else "")
    return [head, phases, *(line for line in facts if line)]


def _begun(seen: Snapshot) -> list[PhaseRun]:
    """The phases that were touched, and the one that comes next."""
    names = [run.phase for run in seen.rollout.phases if run.changed_at]
    after = reasons.next_phase(seen.rollout, seen.plan)
    shown = {*names, seen.rollout.current.phase, *([after.name] if after else [])}
    return [run for run in seen.rollout.phases if run.phase in shown]


def plans(known: Sequence[Plan], live: Sequence[Snapshot]) -> Message:
    """The plans, where they live, their phases, and the rollout under way."""
    running = {seen.rollout.plan: seen for seen in live}
    lines = []
    for plan in known:
        seen = running.get(plan.name)
        now = f"{_short_state(seen)}" if seen else "no rollout under way"
        names = " → ".join(escape(phase.name) for phase in plan.phases)
        run_by = title_of(plan, plan.run_by)
        lines.append(f"*{escape(plan.title)}* ({code(plan.name)}) in {escape(plan.channel)}, run by {run_by}: {now}")
        lines.append(f"   {names}")
    if not lines:
        return Message("There are no plans.", (section("There are no plans."),))
    text = f"{count(len(known), 'plan')}: {', '.join(escape(plan.title) for plan in known)}."
    return fit(Message(text, tuple(section(part) for part in parted(lines))))


def flags(phase: ResolvedPhase, differences: Sequence[tuple[str, str, str, str]]) -> Message:
    """What the phase's env file would change at the target."""
    name = escape(phase.phase.name)
    if not phase.phase.env:
        text = f"{name} has no env file of its own."
        return Message(text, (section(text),))
    declared = count(variables(phase.files.get(phase.phase.env, "")), "variable")
    head = f"*{name}* declares {declared} in {code(phase.phase.env)}; "
    tail = f"{count(len(differences), 'difference')} to the target" if differences else "the target has exactly these"
    marks = "+ comes · ~ changes · - goes · secrets stay masked"
    blocks = [section(f"{head}{tail}."), *listing("", flag_lines(differences)), context(marks)]
    return fit(Message(plain_marks(f"{head}{tail}."), tuple(blocks)))


def help_for(person_name: str, rows: Sequence[tuple[str, str, Refusal | None]], state_words: str) -> Message:
    """What this person can do now, and what not, with the reason."""
    can = [f"{code(f'/rollout {usage}')} — {escape(line)}" for usage, line, no in rows if no is None]
    cannot = [f"{code(f'/rollout {usage}')} — {escape(no.reason)}" for usage, _, no in rows if no is not None]
    head = f"{escape(person_name)}, {escape(state_words)}."
    blocks = [section(capital(head)), *listing("You can now", can), *listing("Not now", cannot)]
    return fit(Message(f"{capital(head)} {count(len(can), 'command')} open to you now.", tuple(blocks)))
