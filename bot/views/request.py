"""The request: asks each guild once for its yes to exactly these bytes, and shows what became of it."""

from collections.abc import Mapping

from bot.domain.plan import Guild, Plan
from bot.domain.reasons import guild_title
from bot.domain.rollout import Move, PhaseRun, State
from bot.ports import Meaning, Snapshot
from bot.views.blocks import context, section
from bot.views.buttons import row
from bot.views.definitions import gate_counts, repositories, soak_words, variables
from bot.views.limits import fit
from bot.views.message import Ids, Message
from bot.views.phases import Scene, approvals_line, title_of, way_back
from bot.views.text import code, count, escape, group, mention, short, when, who

_STEPS = 4


def request_meanings(seen: Snapshot, phase: str, digest: str = "", attempt: int = 0) -> tuple[Meaning, ...]:
    """Approve for each guild that is asked, withdraw, deny; none once it is decided or asks for other bytes."""
    run = seen.rollout.run(phase) or PhaseRun(phase)
    if _outcome(seen, run, digest, attempt):
        return ()
    name = seen.rollout.name
    guilds = sorted(run.quorum or {})
    return (
        *(Meaning(name, Move.APPROVE.value, phase, run.attempt, run.digest, guild) for guild in guilds),
        Meaning(name, Move.WITHDRAW.value, phase, run.attempt, run.digest),
        Meaning(name, Move.DENY.value, phase, run.attempt, run.digest),
    )


def request(
    seen: Snapshot, phase: str, ids: Ids, mentions: Mapping[str, str] | None = None, digest: str = "", attempt: int = 0
) -> Message:
    """The request that was posted for this digest and attempt (left out: the one that stands now).

    `mentions` holds the mark by which Slack notifies a guild's user group; without it the handle is plain text.
    """
    run = seen.rollout.run(phase) or PhaseRun(phase)
    scene = Scene(seen, run, run.changed_at or seen.rollout.opened_at)
    outcome = _outcome(seen, run, digest, attempt)
    title = f"{escape(seen.plan.title)}: {escape(phase)}"
    if outcome:
        asked = short(digest or run.digest)
        blocks = [section(f"*{title}* — {outcome}"), context(f"This request was for digest {code(asked)}.")]
        return fit(Message(f"{title}: {outcome}", tuple(blocks)))
    guilds = _asked(seen.plan, run, mentions or {})
    sentence = f"{who(run.requested_by)} asks to start *{escape(phase)}* of {escape(seen.plan.title)}; "
    needed = ", ".join(f"{need} of {title_of(seen.plan, name)}" for name, need in sorted((run.quorum or {}).items()))
    blocks = [
        section(f"{sentence}needed are {needed}.\n{guilds}"),
        section("\n".join(f"• {line}" for line in _lines(scene))),
        context(_state_of_answers(scene)),
        *row(request_meanings(seen, phase, digest, attempt), ids, _labels(seen, run)),
    ]
    text = f"{title} asks for approvals: {needed}. The requester's own yes does not count."
    return fit(Message(text, tuple(blocks)))


def _state_of_answers(scene: Scene) -> str:
    until = f" · expires {when(scene.run.expires_at)}" if scene.run.expires_at else ""
    held = f" · held: {escape(scene.run.hold.reason)}" if scene.run.hold else ""
    return f"{approvals_line(scene)}{until}{held} · neither the requester nor whoever presses Start counts"


def _labels(seen: Snapshot, run: PhaseRun) -> dict[Meaning, str]:
    asked = request_meanings(seen, run.phase)
    return {
        each: f"Approve for {guild_title(seen.plan, each.subject)}" for each in asked if each.move == Move.APPROVE.value
    }


def _asked(plan: Plan, run: PhaseRun, mentions: Mapping[str, str]) -> str:
    """Each guild once."""
    return " · ".join(_named(plan, name, mentions.get(name, "")) for name in sorted(run.quorum or {}))


def _named(plan: Plan, name: str, known: str) -> str:
    guild = plan.guilds.get(name, Guild())
    if known:
        return group(known)
    people = " ".join(mention(each) for each in guild.members)
    return people or f"@{escape(guild.usergroup or name)}"


def _outcome(seen: Snapshot, run: PhaseRun, digest: str, attempt: int) -> str:
    """What became of this request; empty while it stands."""
    if seen.rollout.closed_at is not None:
        return "the rollout was closed."
    if attempt and attempt != run.attempt:
        return f"it ended; attempt {run.attempt} came after it."
    if digest and digest != run.digest:
        return f"what it asked for has changed, so its approvals are void; {code(short(run.digest))} is asked for now."
    if run.state is State.PROPOSED:
        return ""
    if run.state is State.ABORTED:
        return f"{escape(run.locked)}." if run.locked else "it ended without being used."
    voices = ", ".join(f"{mention(each.person)} for {title_of(seen.plan, each.guild)}" for each in run.approvals)
    by = f" with the yes of {voices}" if voices else ""
    return f"used; started by {who(run.started_by)}{by}. It is {run.state.words} now."


def _lines(scene: Scene) -> list[str]:
    """What will happen, in at most twelve lines."""
    phase = scene.phase
    copy = scene.seen.copies.get(scene.run.digest)
    if phase is None:
        return ["The plan no longer has this phase."]
    lines = [escape(phase.objective)] if phase.objective else []
    if phase.env and copy:
        lines.append(f"{count(variables(copy.files.get(phase.env, '')), 'variable')} in {code(phase.env)}")
    lines += [repositories(phase.repos)] if phase.repos else []
    steps = [escape(each.title or each.kind) for each in phase.steps]
    more = f" and {len(steps) - _STEPS} more" if len(steps) > _STEPS else ""
    lines.append(f"{count(len(steps), 'step')}: {' → '.join(steps[:_STEPS])}{more}" if steps else "No steps")
    lines.append(gate_counts(phase))
    lines += [soak_words(phase.soak)] if phase.soak else []
    lines += [f"{count(len(phase.tasks), 'task')} for people"] if phase.tasks else []
    lines.append(way_back(phase.rollback, scene.rungs))
    lines.append(f"Digest {code(short(scene.run.digest))}: a yes is for exactly this")
    return lines
