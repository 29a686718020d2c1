"""Forging: the bundle's own tools in a forger's hands."""

import hashlib
import json
from collections.abc import Callable

from bot.evidence import verifying
from bot.evidence.verifying import lines, packed, unpacked, written

Files = dict[str, bytes]
Change = Callable[[dict], None]


def rows(files: Files, name: str) -> list[dict]:
    return [json.loads(line) for line in files[name].splitlines()]


def changed(files: Files, name: str, number: int, change: Change) -> None:
    """Change one row of a table and nothing else."""
    table = rows(files, name)
    change(table[number])
    files[name] = lines(table)


def payload_changed(files: Files, number: int, change: Change, *, rehash: bool = False) -> None:
    """Change what one record says; with `rehash` the whole chain after it is computed anew, as a forger would."""
    table = rows(files, "ledger.jsonl")
    said = json.loads(table[number]["payload"])
    change(said)
    table[number]["payload"] = written(said).decode()
    files["ledger.jsonl"] = lines(rehashed(table) if rehash else table)


def rehashed(table: list[dict]) -> list[dict]:
    previous = verifying.GENESIS
    made = []
    for number, row in enumerate(table, 1):
        said = json.loads(row["payload"]) | {"sequence": number, "previous": previous}
        payload = written(said)
        digest = hashlib.sha256(payload).hexdigest()
        made.append({"sequence": number, "previous": previous, "hash": digest, "payload": payload.decode()})
        previous = digest
    return made


def derived_anew(files: Files) -> None:
    """Make everything that follows from the ledger agree with it again, the manifest too."""
    _, records = verifying.chained(json.loads(files["rollout.json"])["name"], files["ledger.jsonl"])
    files |= verifying.derived(records)


def manifest_anew(files: Files) -> None:
    files["manifest.json"] = written(verifying.manifest(json.loads(files["rollout.json"])["name"], files)) + b"\n"


def kind(files: Files, wanted: str) -> int:
    """The place of the first record of a kind, counted from 0."""
    table = rows(files, "ledger.jsonl")
    return next(place for place, row in enumerate(table) if json.loads(row["payload"])["kind"] == wanted)


def forged(raw: bytes, tamper: Callable[[Files], None]) -> bytes:
    files = unpacked(raw)
    tamper(files)
    return packed(files)
