"""The bundle: everything that is kept of one rollout, as files that are the same bytes for the same state."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from bot.domain.posts import Place
from bot.evidence import verifying
from bot.evidence.hiding import Hidden, readable
from bot.evidence.report import Story, report
from bot.evidence.verifying import lines, outline, packed, permalink, written
from bot.ports import Archived, Record, Sample, Told

VERIFIER: Final = Path(verifying.__file__)


@dataclass(frozen=True)
class Bundle:
    """One sealed rollout: the zip's bytes, and what is to be told of them."""

    rollout: str
    plan: str
    raw: bytes
    head: str
    records: int
    withheld: tuple[str, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def bundle(archived: Archived, workspace: str) -> Bundle:
    """Make the bundle; raises `verifying.Bad` when the ledger itself does not hold.

    `workspace` is the address that permalinks begin with, "" when it is not known.
    """
    name, plan = archived.snapshot.rollout.name, archived.snapshot.rollout.plan
    files = _files(archived, name, workspace)
    manifest = verifying.manifest(name, files)
    files["manifest.json"] = written(manifest) + b"\n"
    raw = packed(files)
    verifying.verify(raw)
    return Bundle(name, plan, raw, manifest["head"], manifest["records"], tuple(manifest["withheld"]))


def _files(archived: Archived, name: str, workspace: str) -> dict[str, bytes]:
    plan, copies = readable(archived.plan), {digest: readable(raw) for digest, raw in archived.copies.items()}
    hidden = Hidden.of((plan, *copies.values()))
    shown = hidden.masked(plan)
    ledger = lines(_record(record, hidden) for record in archived.records)
    hashes, records = verifying.chained(name, ledger)
    # Readings say the same again and again; looking for secrets is what takes the time.
    shown_text = lru_cache(1024)(hidden.text)
    samples = [_sample(sample, shown_text) for sample in archived.samples]
    rollout = _rollout(archived, workspace)
    messages = _messages(archived.told, workspace)
    told_plan = archived.plan if shown == plan else written(shown)
    files = {
        "ledger.jsonl": ledger,
        "plan.json": told_plan,
        "plan.txt": outline(readable(told_plan)).encode(),
        "rollout.json": written(rollout) + b"\n",
        "samples.jsonl": lines(samples),
        "messages.jsonl": lines(messages),
        "verify.py": VERIFIER.read_bytes(),
        **verifying.derived(records),
    }
    phases = {digest: hidden.masked(tree) for digest, tree in copies.items()}
    files |= {_phase(digest, phases[digest] != copies[digest]): written(phases[digest]) for digest in copies}
    # Bytes that were approved go in as they are, never written anew: their hash is their name.
    files |= {_phase(digest): raw for digest, raw in archived.copies.items() if phases[digest] == copies[digest]}
    head = hashes[-1] if hashes else verifying.GENESIS
    withheld = tuple(verifying.manifest(name, files)["withheld"])
    story = Story(rollout, records, samples, messages, phases, head, len(hashes), withheld)
    return files | {"report.html": report(story)}


def _phase(digest: str, masked: bool = False) -> str:  # noqa: FBT002 - the name's only variant
    return f"phases/{digest.removeprefix('sha256:')}{'.masked' if masked else ''}.json"


def _record(record: Record, hidden: Hidden) -> dict[str, object]:
    chain = {"sequence": record.sequence, "previous": record.previous, "hash": record.hash}
    # A payload that is no text any more does not have its hash either: the verifier names it.
    payload = record.payload.decode(errors="replace")
    if hidden.holds(payload):
        return chain | {"withheld": "it holds a secret"}
    return chain | {"payload": payload}


def _sample(sample: Sample, shown_text: Callable[[str], str]) -> dict[str, object]:
    texts = {
        "phase": sample.phase,
        "gate": sample.gate,
        "outcome": sample.outcome,
        "value": sample.value,
        "source": sample.source,
        "trouble": sample.trouble,
        "says": sample.says,
    }
    shown: dict[str, object] = {name: shown_text(text) for name, text in texts.items()}
    return shown | {"attempt": sample.attempt, "at": moment(sample.at), "samples": sample.samples}


def moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if at else ""


def _rollout(archived: Archived, workspace: str) -> dict[str, Any]:
    rollout = archived.snapshot.rollout
    runs = [
        {
            "phase": run.phase,
            "state": run.state.value,
            "attempt": run.attempt,
            "digest": run.digest,
            "asked_by": run.requested_by,
            "started_by": run.started_by,
            "held": run.hold is not None,
        }
        for run in rollout.phases
    ]
    return {
        "name": rollout.name,
        "plan": rollout.plan,
        "title": archived.snapshot.plan.title,
        "opened_by": rollout.opened_by,
        "opened_at": moment(rollout.opened_at),
        "closed_at": moment(rollout.closed_at),
        "phases": runs,
        "workspace": workspace,
    }


def _messages(told: Iterable[Told], workspace: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = [
        {
            "key": each.key,
            "topic": each.topic,
            "place": str(each.place),
            "phase": each.phase,
            "channel": each.channel,
            "ts": each.ts,
        }
        for each in sorted(told, key=lambda each: (each.ts, each.key))
        # What was said to one person alone is that person's.
        if each.place != Place.DIRECT
    ]
    card = next((row["ts"] for row in rows if row["place"] == Place.CARD.value), "")
    return [row | {"permalink": permalink(workspace, row, card)} for row in rows]
