"""Changes: everything that one decision writes beside the rollout's own row, in its transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert
from sqlmodel import col, select

from bot.domain.board import Soaked, Standing
from bot.domain.intents import Intent
from bot.ports import Change
from storage import upserts
from storage.codec import INTENT, SOAKED, STANDING, storable
from storage.copies import keep_phase
from storage.ledger import append, stream_of
from storage.outbox import queue
from storage.session import Session
from storage.statements import Statement
from storage.tables import IntentRow, SampleRow, SoakRow, StandingRow, TimerRow
from storage.timers import put_timers

_PUT_STANDINGS: Final = upserts.over(StandingRow, ("rollout", "phase", "attempt", "gate", "body"))
_PUT_SOAKS: Final = upserts.over(SoakRow, ("rollout", "phase", "attempt", "body"))
_PUT_INTENTS: Final = upserts.over(IntentRow, ("id", "rollout", "position", "stage", "body"), fixed=("position",))
_SAMPLED: Final = (
    *("rollout", "phase", "attempt", "gate", "at", "outcome", "value", "samples", "source", "trouble", "says"),
)
_ADD_SAMPLES: Final = Statement(lambda _: insert(SampleRow).inline(), _SAMPLED)
_LAST_INTENT: Final = Statement(
    lambda _: select(func.max(IntentRow.position)).where(col(IntentRow.rollout) == bindparam("rollout"))
)
# LIKE would ignore case, and only this rollout's own: `gitguard-1` is a prefix of `gitguard-10` too.
_CANCEL: Final = Statement(
    lambda _: delete(TimerRow).where(
        col(TimerRow.rollout) == bindparam("rollout"),
        func.substr(TimerRow.key, 1, bindparam("length")) == bindparam("prefix"),
    )
)


def write_change(session: Session, change: Change, at: datetime) -> None:
    """Write all of it; most changes have only a few kinds. Timers are cancelled before new ones are set."""
    name = change.rollout.name
    head = append(session, stream_of(name), change.entries, at)
    for copy in change.copies:
        keep_phase(session, copy)
    if change.standings:
        _write_standings(session, name, [storable(standing) for standing in change.standings])
    if change.soaks:
        _write_soaks(session, name, change.soaks)
    _write_intents(session, name, change.intents)
    for prefix in change.cancels:
        _CANCEL.run(session, rollout=name, length=len(prefix), prefix=prefix)
    if change.timers:
        put_timers(session, change.timers)
    # What is said in Slack carries the head, so that Slack is a witness of the chain.
    queue(session, change.posts, {"head": head} if head else {})


def _write_standings(session: Session, name: str, standings: Sequence[Standing]) -> None:
    rows = [
        {"rollout": name, "phase": each.phase, "attempt": each.attempt, "gate": each.gate, "body": STANDING.body(each)}
        for each in standings
    ]
    _PUT_STANDINGS.run_all(session, rows)
    _ADD_SAMPLES.run_all(session, [_sample(name, each) for each in standings])


def _sample(name: str, standing: Standing) -> dict[str, object]:
    reading = standing.verdict.reading
    return {
        "rollout": name,
        "phase": standing.phase,
        "attempt": standing.attempt,
        "gate": standing.gate,
        "at": reading.at,
        "outcome": standing.verdict.outcome.value,
        "value": json.dumps(reading.value),
        "samples": reading.samples,
        "source": reading.source,
        "trouble": reading.trouble,
        "says": standing.verdict.says,
    }


def _write_soaks(session: Session, name: str, soaks: Sequence[Soaked]) -> None:
    rows = [
        {"rollout": name, "phase": each.phase, "attempt": each.attempt, "body": SOAKED.body(each)} for each in soaks
    ]
    _PUT_SOAKS.run_all(session, rows)


def _write_intents(session: Session, name: str, intents: Sequence[Intent]) -> None:
    if not intents:
        return
    strange = [intent.id for intent in intents if intent.rollout != name]
    if strange:
        raise ValueError(f"a change of {name} cannot write the intents {', '.join(strange)}")
    last = _LAST_INTENT.first(session, rollout=name)[0] or 0
    rows = [
        {"id": each.id, "rollout": name, "position": place, "stage": each.stage.value, "body": INTENT.body(each)}
        for place, each in enumerate(intents, last + 1)
    ]
    _PUT_INTENTS.run_all(session, rows)
