"""In flight: fills a database with rollouts of every kind, one of them in the middle of everything."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.domain.board import Soaked, Standing
from bot.domain.entries import Happened
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.posts import Place, Post
from bot.domain.rollout import State
from bot.domain.timers import TimerKind
from bot.domain.verdicts import Outcome, Reading, Verdict
from bot.ports import Change, Meaning, Snapshot
from storage.opened import Memory
from tests.storage.samples import DIGEST, HOUSE_ENTRY, MINUTE, NOW, PLAN, closing, entry, opening, proposing, timer

NAME: Final = "gitguard-2"


async def fill(memory: Memory) -> None:
    """A closed rollout, and one that runs: with verdicts, soak, effects, timers, messages and buttons."""
    await memory.rollouts.open(PLAN, opening)
    await memory.rollouts.change("gitguard-1", closing)
    await memory.rollouts.open(PLAN, opening)
    await memory.rollouts.change(NAME, proposing)
    await memory.rollouts.change(NAME, running)
    card, *rest = await memory.outbox.waiting()
    for row in (card, rest[0], rest[1]):
        await memory.outbox.trying(row)
    for row in (card, rest[0]):
        await memory.outbox.sent(row, "1740830400.000100")
    await memory.buttons.ids([Meaning(NAME, "rollback", "staging", 1, DIGEST)])
    await memory.timers.due(now=NOW, real=NOW)
    await memory.ledger.append("house", [HOUSE_ENTRY])


def running(seen: Snapshot) -> Change:
    run = replace(seen.rollout.phases[0], state=State.STARTING, changed_at=NOW)
    after = seen.rollout.with_run(run)
    said = entry(Happened.PHASE_STARTED, digest=DIGEST, share=0.25, words="é\n\u2028", none=None, yes=True)
    reading = Reading(0.011, NOW, "metrics: sum(errors)", samples=300)
    done = Intent(NAME, "staging", 1, Ladder.FORWARD, 0, "flags", stage=Stage.DONE, sealed={"PUBLISH": "on"})
    begun = Intent(
        NAME, "staging", 1, Ladder.FORWARD, 1, "deploy", stage=Stage.CLAIMED, sealed={"version": "1.4.0"}, deadline=NOW
    )
    return Change(
        after,
        entries=(said, entry(Happened.GATES_READ)),
        standings=(Standing("staging", 1, "error-rate", Verdict(Outcome.PASS, "fine", reading, NOW + MINUTE)),),
        soaks=(Soaked("staging", 1, timedelta(hours=3, microseconds=7), NOW),),
        intents=(done, begun),
        timers=(
            timer(f"{NAME}/staging/1/soak", NAME, NOW + MINUTE),
            timer(f"{NAME}/staging/1/countdown", NAME, NOW + MINUTE, TimerKind.COUNTDOWN),
        ),
        posts=(Post.card(NAME), Post.of(NAME, f"{NAME}/started", said, Place.CHANNEL)),
    )
