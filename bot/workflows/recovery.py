"""Recovery: after a start the bot says what it was doing and what it does not know."""

from dataclasses import dataclass

from bot.domain.entries import Happened
from bot.domain.intents import Intent, Stage
from bot.domain.people import CLOCKWORK
from bot.domain.rollout import State
from bot.ports import Change, RolloutStore, Snapshot
from bot.workflows.changes import change, told


@dataclass(frozen=True)
class Recovery:
    """Announces, within seconds of a start, every rollout that was under way; decides nothing."""

    rollouts: RolloutStore

    async def announce(self, mark: str) -> int:
        """Tell of every live rollout; `mark` names this start. Answers how many there were."""
        live = await self.rollouts.live()
        for seen in live:
            await self.rollouts.change(seen.rollout.name, lambda now: _resumed(now, mark))
        return len(live)


def _resumed(seen: Snapshot, mark: str) -> Change | None:
    run = seen.rollout.current
    if run.state is State.PENDING:
        return None
    claimed = [each for each in seen.intents if each.stage is Stage.CLAIMED]
    return change(
        seen.rollout,
        [
            told(
                Happened.BOT_RESTARTED,
                CLOCKWORK,
                run.phase,
                state=run.state.words,
                held=run.hold.reason if run.hold else "",
                unknown=", ".join(map(_words, claimed)),
            )
        ],
        mark=f"/restart/{mark}",
    )


def _words(intent: Intent) -> str:
    deadline = f", read back after {intent.deadline:%H:%M:%S} UTC" if intent.deadline else ""
    return f"{intent.title} (begun, its end is not known{deadline})"
