"""Notes: words for everything that happened, with the buttons that it calls for."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from bot.domain.entries import Happened
from bot.domain.posts import Post
from bot.domain.rollout import Move, PhaseRun, State
from bot.domain.verdicts import Outcome
from bot.ports import Meaning, Snapshot
from bot.views import signs
from bot.views.blocks import context, parted, section
from bot.views.buttons import row
from bot.views.limits import fit
from bot.views.message import Block, Ids, Message
from bot.views.offers import labels, offers
from bot.views.phases import Scene, title_of
from bot.views.readings import reading_lines
from bot.views.text import capital, code, count, escape, group, mention, plain_marks, short, when, who

_INCIDENT: Final = (Move.SNOOZE.value, Move.HOLD.value, Move.ROLL_BACK.value)
_STUCK: Final = (Move.RETRY.value, "by-hand", Move.ROLL_BACK.value, "why")
# Which of the phase's buttons a note carries; what is not open when it is drawn is left out.
_OFFERED: Final[Mapping[Happened, tuple[str, ...]]] = {
    Happened.STEP_FAILED: _STUCK,
    Happened.STEP_DONE: ("by-hand",),
    Happened.VERDICT_CHANGED: _INCIDENT,
    Happened.COUNTDOWN_BEGAN: _INCIDENT,
    Happened.COUNTDOWN_SNOOZED: _INCIDENT,
    Happened.PHASE_HELD: (Move.RESUME.value, *_STUCK),
    Happened.PHASE_READY: (Move.PROMOTE.value, "gates"),
    Happened.PHASE_PROMOTED: ("preview",),
    Happened.PHASE_ROLLED_BACK: ("why",),
    Happened.APPROVAL_GIVEN: (Move.START.value,),
    Happened.BOT_RESTARTED: _STUCK,
}
_DECISIONS: Final = frozenset(
    {
        Happened.PHASE_PROPOSED,
        Happened.PROPOSAL_CHANGED,
        Happened.APPROVAL_GIVEN,
        Happened.APPROVAL_WITHDRAWN,
        Happened.PHASE_DENIED,
        Happened.PHASE_STARTED,
        Happened.PHASE_ABORTED,
        Happened.PHASE_PROMOTED,
        Happened.ROLLBACK_BEGAN,
        Happened.GATE_WAIVED,
        Happened.GATE_ATTESTED,
        Happened.STEP_ATTESTED,
    }
)


class _Told:
    """One post with the rollout that it is about; its facts are read as text, each escaped where it is shown."""

    def __init__(self, post: Post, seen: Snapshot) -> None:
        self.post = post
        self.seen = seen
        self.run = seen.rollout.run(post.phase) or PhaseRun(post.phase)

    @property
    def who(self) -> str:
        return who(self.post.actor)

    @property
    def phase(self) -> str:
        return f"*{escape(self.post.phase)}*"

    def fact(self, name: str) -> str:
        value = self.post.facts.get(name)
        return "" if value is None else str(value)

    def safe(self, name: str) -> str:
        return escape(self.fact(name))

    def guild(self) -> str:
        return title_of(self.seen.plan, self.fact("guild"))

    def because(self, name: str = "reason") -> str:
        return f": {self.safe(name)}" if self.fact(name) else ""


def _proposal_changed(told: _Told) -> str:
    void = int(told.fact("void") or 0)
    dead = f"; {count(void, 'approval')} void" if void else ""
    return f"♻️ What {told.phase} would do has changed ({told.safe('changed')}){dead}. It is asked for anew."


def _approval_given(told: _Told) -> str:
    rest = f"still missing: {told.safe('missing')}" if told.fact("missing") else "all approvals are there"
    return f"✅ {told.who} approved {told.phase} for {told.guild()}; {rest}."


def _lapsed(told: _Told) -> str:
    # The rules write these names themselves, as ids; nothing that a person typed is among them.
    names = ", ".join(
        f"{mention(user.strip().removeprefix('<@').removesuffix('>'))} for {title_of(told.seen.plan, guild)}"
        for each in told.fact("names").split(", ")
        for user, _, guild in [each.partition(" for ")]
    )
    return f"⚠️ Approvals of {told.phase} no longer count, since membership changed: {names}."


def _reminded(told: _Told) -> str:
    missed = " An earlier reminder was missed: the bot was away." if told.fact("missed").strip("0") else ""
    wanted = f"{told.safe('missing')} of {told.guild()}"
    return f"🔔 {told.phase} still waits for {wanted}; the request expires in {told.safe('left')}.{missed}"


def _skipped(told: _Told) -> str:
    then = f"; the next one comes at {_moment(told, 'next_at')}" if told.fact("next_at") else ""
    return f"⏭️ A reminder to {told.guild()} about {told.phase} was skipped, since the bot was away{then}."


def _put_off(told: _Told) -> str:
    return f"⏰ {told.who} put the next reminder to {told.guild()} about {told.phase} off to {_moment(told, 'until')}."


def _moment(told: _Told, name: str) -> str:
    written = told.fact(name)
    return when(datetime.fromtimestamp(int(written), UTC)) if written.isdigit() else "a later moment"


def _step_done(told: _Told) -> str:
    where = f" ({told.safe('rung')})" if told.fact("rung") else ""
    if told.fact("stage") == "by_hand":
        return f"🔔 By hand{where}: *{told.safe('step')}* — {told.safe('says')}. The ladder goes on meanwhile."
    if told.fact("stage") == "dropped":
        return f"➖ Dropped{where}: {told.safe('step')} — {told.safe('says')}"
    return f"✅ Done{where}: {told.safe('step')}{told.because('says')}"


def _step_failed(told: _Told) -> str:
    if told.fact("stage") == "unknown":
        return f"❔ {told.phase} waits for somebody's word on *{told.safe('step')}*{told.because('says')}"
    return f"❌ {told.phase} holds: *{told.safe('step')}* did not come about{told.because('says')}"


def _verdict_changed(told: _Told) -> str:
    outcome = Outcome(told.fact("outcome"))
    before = f", before: {told.safe('before')}" if told.fact("before") else ""
    samples = f" · {told.safe('samples')} samples" if told.fact("samples") else ""
    bad = " It failed already before the phase began." if told.fact("bad_before") else ""
    source = f" · {told.safe('source')}" if told.fact("source") else ""
    gate = f"{signs.OUTCOMES[outcome]} {code(told.fact('gate'))} of {told.phase}: {outcome.value}{before}"
    return f"{gate} — {told.safe('says')}{samples}{source}.{bad}"


def _countdown_began(told: _Told) -> str:
    seconds = told.safe("seconds")
    return (
        f"⏪ {told.phase} rolls back in {seconds} s: {code(told.fact('gate'))} failed. It stops if the gate recovers."
    )


def _rollback_began(told: _Told) -> str:
    rungs = f" The ladder: {told.safe('rungs').replace(', ', ' → ')}." if told.fact("rungs") else ""
    lost = f" Cannot be brought back: {told.safe('cannot_bring_back')}." if told.fact("cannot_bring_back") else ""
    return f"⏪ {told.who} rolls back {told.phase}{told.because()}.{rungs}{lost}"


def _restarted(told: _Told) -> str:
    held = f", held: {told.safe('held')}" if told.fact("held") else ""
    unknown = f" Not known: {told.safe('unknown')}." if told.fact("unknown") else " Nothing is unknown."
    return f"🔄 The bot has started again. {told.phase} is {told.safe('state')}{held}.{unknown}"


WORDS: Final[Mapping[Happened, Callable[[_Told], str]]] = {
    Happened.ROLLOUT_OPENED: lambda told: f"ℹ️ {told.who} opened the rollout of {told.safe('title')}.",
    Happened.ROLLOUT_CLOSED: lambda told: f"🏁 {told.who} closed the rollout; nothing is watched any more.",
    Happened.PHASE_PROPOSED: lambda told: f"📋 {told.who} proposed {told.phase}, attempt {told.safe('attempt')}.",
    Happened.PROPOSAL_CHANGED: _proposal_changed,
    Happened.APPROVAL_GIVEN: _approval_given,
    Happened.APPROVAL_WITHDRAWN: lambda told: f"↩️ {told.who} withdrew the approval of {told.phase}.",
    Happened.APPROVAL_EXPIRED: lambda told: f"⌛ The request to start {told.phase} expired; nothing was started.",
    Happened.APPROVAL_LAPSED: _lapsed,
    Happened.APPROVAL_REMINDED: _reminded,
    Happened.REMINDER_SKIPPED: _skipped,
    Happened.REMINDER_SNOOZED: _put_off,
    Happened.PHASE_DENIED: lambda told: f"⛔ {told.who} denied {told.phase}{told.because()}",
    Happened.PHASE_STARTED: lambda told: f"🔄 {told.who} started {told.phase}; its steps run now.",
    Happened.PHASE_ABORTED: lambda told: f"⛔ {told.who} aborted {told.phase}{told.because()}",
    Happened.STEP_CLAIMED: lambda told: f"🔄 Step begun: {told.safe('step')}",
    Happened.STEP_DONE: _step_done,
    Happened.STEP_FAILED: _step_failed,
    Happened.STEP_ATTESTED: lambda told: (
        f"📝 {told.who} says that *{told.safe('step')}* is done (by hand, not measured){told.because('statement')}"
    ),
    Happened.PHASE_APPLIED: lambda told: f"⏳ All steps of {told.phase} are done and proved; the soak begins.",
    Happened.PHASE_HELD: lambda told: f"{signs.HELD} {capital(told.who)} holds {told.phase}{told.because()}",
    Happened.PHASE_RESUMED: lambda told: f"▶️ {told.who} resumed {told.phase}; the time held is no soak.",
    Happened.STEP_RETRIED: lambda told: f"🔁 {told.who} has the failed step of {told.phase} attempted again.",
    Happened.VERDICT_CHANGED: _verdict_changed,
    Happened.GATES_READ: lambda told: f"📏 {told.who} had the gates of {told.phase} read now.",
    Happened.GATE_ATTESTED: lambda told: (
        f"📝 {told.who} attested, not measured: {told.safe('gates')} of {told.phase}{told.because('statement')}"
    ),
    Happened.GATE_WAIVED: lambda told: (
        f"🛡️ {told.who} waived {code(told.fact('gate'))} of {told.phase} for {told.guild()}{told.because()}"
    ),
    Happened.PHASE_READY: lambda told: f"🟢 {told.phase} is ready: the soak is earned and its gates pass. Promote it?",
    Happened.PHASE_UNREADY: lambda told: f"⏳ {told.phase} is not ready any more: {told.safe('gates')}.",
    Happened.PHASE_PROMOTED: lambda told: f"✅ {told.who} promoted {told.phase}: it has passed and stays watched.",
    Happened.COUNTDOWN_BEGAN: _countdown_began,
    Happened.COUNTDOWN_STOPPED: lambda told: (
        f"✅ The rollback of {told.phase} is off: {code(told.fact('gate'))} does not fail any more."
    ),
    Happened.COUNTDOWN_SNOOZED: lambda told: (
        f"⏰ {told.who} put the rollback of {told.phase} off by {told.safe('minutes')} minutes."
    ),
    Happened.ROLLBACK_BEGAN: _rollback_began,
    Happened.PHASE_ROLLED_BACK: lambda told: (
        f"↩️ {told.phase} is rolled back and locked{told.because()}. Going again needs approvals anew."
    ),
    Happened.TASK_DONE: lambda told: f"☑️ {told.who} has done: {told.safe('task')}",
    Happened.BOT_RESTARTED: _restarted,
    Happened.EVIDENCE_SEALED: lambda told: f"📦 {told.who} had the evidence of {told.safe('rollout')} sealed.",
}


def note_meanings(post: Post, seen: Snapshot) -> tuple[Meaning, ...]:
    """What the note's buttons mean, as its phase stands now."""
    kind = Happened(post.topic)
    wanted = _OFFERED.get(kind, ())
    if kind is Happened.VERDICT_CHANGED and post.facts.get("outcome") != Outcome.FAIL.value:
        return ()
    if kind is Happened.STEP_DONE:
        return tuple(each for each in _offers(post, seen) if _is_about(each, post))
    if kind is Happened.APPROVAL_REMINDED:
        return _of_request(post, seen)
    return tuple(each for each in _offers(post, seen) if each.move in wanted)


def _of_request(post: Post, seen: Snapshot) -> tuple[Meaning, ...]:
    """The request, and a later reminder, as long as exactly this is asked."""
    run = seen.rollout.run(post.phase)
    if run is None or run.state is not State.PROPOSED or run.digest != post.facts.get("digest"):
        return ()
    name, guild = seen.rollout.name, str(post.facts.get("guild") or "")
    return (
        Meaning(name, "request", run.phase, run.attempt, run.digest),
        Meaning(name, "later", run.phase, run.attempt, run.digest, guild),
    )


def _is_about(meaning: Meaning, post: Post) -> bool:
    return meaning.move == "by-hand" and meaning.subject == post.facts.get("intent")


def _offers(post: Post, seen: Snapshot) -> tuple[Meaning, ...]:
    run = seen.rollout.run(post.phase)
    return offers(Scene(seen, run, _then(seen, run))) if run else ()


def _then(seen: Snapshot, run: PhaseRun) -> datetime:
    return run.changed_at or seen.rollout.opened_at


def note(post: Post, seen: Snapshot, ids: Ids, called: str = "") -> Message:
    """What happened, in one sentence; more below it when there is more. `called` is the guild's mark, said once."""
    kind = Happened(post.topic)
    told = _Told(post, seen)
    sentence = WORDS[kind](told)
    blocks: list[Block] = [section(f"{group(called)} {sentence}" if called else sentence)]
    if kind is Happened.GATES_READ:
        blocks += [section(part) for part in parted(reading_lines(post, seen))]
    proof = _proof(kind, told)
    blocks += [context(proof)] if proof else []
    meanings = note_meanings(post, seen)
    if meanings and told.run.state is not State.PENDING:
        blocks += row(meanings, ids, labels(Scene(seen, told.run, _then(seen, told.run)), meanings))
    return fit(Message(f"{escape(seen.rollout.name)}: {plain_marks(sentence)}", tuple(blocks)))


def _proof(kind: Happened, told: _Told) -> str:
    """The digest that a decision is bound to, and the ledger's head when the post carries it."""
    digest = told.fact("digest") or (told.run.digest if kind in _DECISIONS else "")
    parts = [f"digest {code(short(digest))}"] if digest and kind in _DECISIONS else []
    parts += [f"ledger {code(short(told.fact('head')))}"] if told.fact("head") else []
    return " · ".join(parts)


def repeating(message: Message) -> Message:
    """The same message, saying that it may stand there twice, since Slack's answer never came."""
    return fit(
        Message(f"{message.text} (may repeat)", (*message.blocks[:1], context("(may repeat)"), *message.blocks[1:]))
    )
