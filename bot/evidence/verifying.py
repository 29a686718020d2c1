"""Verifying: one evidence bundle held against itself and a witnessed head, with the standard library alone."""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import stat
import struct
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

FORMAT: Final = 1
GENESIS: Final = "0" * 64
LARGEST: Final = 512 * 1024 * 1024
_UNWITNESSED: Final = "no head was given: a cut tail or a chain written anew does not show (--head, from Slack)"
TABLES: Final = ("approvals.jsonl", "commands.jsonl", "verdicts.jsonl")
FIXED: Final = frozenset(
    {"ledger.jsonl", "manifest.json", "messages.jsonl", "plan.json", "plan.txt", "report.html", "rollout.json"}
    | {"samples.jsonl", "verify.py", *TABLES}
)
_PHASE: Final = re.compile(r"phases/([0-9a-f]{64})(\.masked)?\.json")
_LOCAL, _CENTRAL, _END = map(struct.Struct, ("<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"))
_VERSION, _DAY = 20, 33  # 1 January 1980, the first day that a zip can name
_UNIX, _FILE_MODE = 3 << 8 | _VERSION, 0o100600 << 16
Row = dict[str, Any]


class Bad(Exception):  # noqa: N818 - what the bundle is
    """The first thing at which a bundle does not hold: in which file, where in it, and why."""

    def __init__(self, file: str, why: str, line: int = 0, sequence: int = 0) -> None:
        self.file, self.why, self.line, self.sequence = file, why, line, sequence
        place = f" line {line}" * bool(line) + f" (sequence {sequence})" * bool(sequence)
        super().__init__(f"{file}{place}: {why}")


def packed(files: Mapping[str, bytes]) -> bytes:
    """The one zip of these files: sorted, stored, of one date, with nothing that is not a file's bytes."""
    body, directory = bytearray(), bytearray()
    for name in sorted(files):
        data, raw = files[name], name.encode("ascii")
        sizes = (_VERSION, 0, 0, 0, _DAY, zlib.crc32(data), len(data), len(data), len(raw), 0)
        directory += _CENTRAL.pack(b"PK\1\2", _UNIX, *sizes, 0, 0, 0, _FILE_MODE, len(body)) + raw
        body += _LOCAL.pack(b"PK\3\4", *sizes) + raw + data
    count = len(files)
    return bytes(body + directory + _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0))


def unpacked(raw: bytes) -> dict[str, bytes]:
    """The files of a bundle; only a zip that `packed` could have written is read at all."""
    files: dict[str, bytes] = {}
    at = 0
    while raw[at : at + 4] == b"PK\3\4":
        name, begins, ends = _entry(raw, at, files)
        files[name], at = raw[begins:ends], ends
    if not files:
        raise Bad("the zip", "it is not an evidence bundle")
    if packed(files) != raw:
        raise Bad("the zip", _strange(raw, at))
    return files


def _entry(raw: bytes, at: int, known: Mapping[str, bytes]) -> tuple[str, int, int]:
    """One local header: the entry's name, and where its bytes begin and end."""
    if at + _LOCAL.size > len(raw):
        raise Bad("the zip", "it is cut short")
    _, _, flags, method, _, _, checksum, small, size, name_size, extra = _LOCAL.unpack_from(raw, at)
    begins = at + _LOCAL.size + name_size
    name = raw[at + _LOCAL.size : begins].decode("ascii", "backslashreplace")
    if name not in FIXED and not _PHASE.fullmatch(name):
        raise Bad("the zip", f"entry {len(known) + 1} has a name that no bundle holds: {name[:80]!a}")
    if name in known:
        raise Bad("the zip", f"entry {len(known) + 1} is a second {name}")
    if flags & 1:
        raise Bad(name, "it is encrypted")
    if method or small != size:
        raise Bad(name, "it is compressed, which no bundle is")
    if begins + extra + size > len(raw):
        raise Bad(name, "it is cut short")
    if extra or flags:
        raise Bad(name, "its entry carries something beside the file")
    if zlib.crc32(raw[begins : begins + size]) != checksum:
        raise Bad(name, "its bytes are not those that were packed")
    return name, begins, begins + size


def _strange(raw: bytes, at: int) -> str:
    if raw.rfind(b"PK\5\6") < at:
        return "it is cut short"
    if raw[raw.rfind(b"PK\5\6") + 20 :] != b"\0\0":
        return "something stands behind its end, such as a comment"
    return "its directory is not that of its files: another order, an entry too many, a link or attributes"


def strict(file: str, raw: bytes, line: int = 0) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON without duplicate keys, NaN, or nesting that breaks the reader."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=int)
    except (ValueError, RecursionError) as no:
        raise Bad(file, f"it is no JSON that can be read in one way only: {str(no)[:80]}", line) from None


def _once(pairs: Sequence[tuple[str, Any]]) -> Row:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def written(row: object) -> bytes:
    """The bundle's own way to write JSON: sorted, without blanks."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def lines(rows: Iterable[object]) -> bytes:
    return b"".join(written(row) + b"\n" for row in rows)


def table(file: str, raw: bytes) -> list[Row]:
    """The rows of a file of JSON lines, each in the bundle's own form."""
    if raw and not raw.endswith(b"\n"):
        raise Bad(file, "its last line is cut short", raw.count(b"\n") + 1)
    rows = []
    for number, line in enumerate(raw.split(b"\n")[:-1], 1):
        row = strict(file, line, number)
        if not isinstance(row, dict) or written(row) != line:
            raise Bad(file, "a line is not in the bundle's own form", number)
        rows.append(row)
    return rows


def chained(rollout: str, raw: bytes) -> tuple[list[str], list[Row]]:
    """The hashes of the chain, and its records but for the withheld; raises at the first that does not hold."""
    hashes: list[str] = []
    found: list[Row] = []
    for number, row in enumerate(table("ledger.jsonl", raw), 1):
        record = _record(rollout, number, hashes[-1] if hashes else GENESIS, row)
        hashes.append(row["hash"])
        found += [record] if record else []
    return hashes, found


def _record(rollout: str, number: int, previous: str, row: Row) -> Row | None:
    def bad(why: str) -> Bad:
        return Bad("ledger.jsonl", why, number, number)

    if row.keys() not in ({"hash", "payload", "previous", "sequence"}, {"hash", "previous", "sequence", "withheld"}):
        raise bad("a record has other keys than it should")
    if row["sequence"] != number or isinstance(row["sequence"], bool):
        raise bad("a record is missing, doubled or out of its order")
    if row["previous"] != previous:
        raise bad("the record does not follow the one before")
    if not re.fullmatch(r"[0-9a-f]{64}", str(row["hash"])):
        raise bad("the hash is none")
    if "withheld" in row:
        return None
    payload = row["payload"]
    if not isinstance(payload, str) or hashlib.sha256(payload.encode("utf-8", "replace")).hexdigest() != row["hash"]:
        raise bad("the payload does not have this hash")
    said = strict("ledger.jsonl", payload.encode("utf-8", "replace"), number)
    names = {"stream", "sequence", "previous", "at", "actor", "kind", "phase", "facts"}
    if not isinstance(said, dict) or said.keys() != names or not isinstance(said["facts"], dict):
        raise bad("the payload is not that of a record")
    if (said["stream"], said["sequence"], said["previous"]) != (f"rollout/{rollout}", number, previous):
        raise bad("the columns differ from the payload")
    return said


def approvals(records: Iterable[Row]) -> list[Row]:
    """Every yes: for which bytes, with whom in the guild then, what became of it, and who was in the guild then."""
    given: list[Row] = []
    for each in records:
        facts, kind = each["facts"], each["kind"]
        waiting = [row for row in given if row["phase"] == each["phase"] and not row["ended"]]
        if kind == "ApprovalGiven":
            row = {"sequence": each["sequence"], "at": each["at"], "phase": each["phase"], "person": each["actor"]}
            row |= {"guild": facts.get("guild"), "digest": facts.get("digest"), "ended": "", "ended_by": None}
            members = json.loads(facts.get("members") or "null")
            given.append(row | {"name": facts.get("name"), "members": members, "members_at_start": None})
        elif kind in _ENDS:
            for row in waiting:
                mine = {"ApprovalWithdrawn": each["actor"] == row["person"]}
                mine["ApprovalLapsed"] = f"<@{row['person']}>" in str(facts.get("names"))
                if mine.get(kind, True):
                    row |= {"ended": _ENDS[kind], "ended_by": each["sequence"]}
                    row["members_at_start"] = (json.loads(facts.get("members") or "{}")).get(row["guild"])
    return given


_ENDS: Final = {
    "ApprovalWithdrawn": "withdrawn",
    "ApprovalLapsed": "lapsed: no longer in the guild",
    "ApprovalExpired": "expired unused",
    "ProposalChanged": "void: what was approved changed",
    "PhaseDenied": "void: denied",
    "PhaseAborted": "void: aborted",
    "PhaseStarted": "used",
}


def commands(records: Iterable[Row]) -> list[Row]:
    """Every attempt at a step, with its commands: arguments, exit code, size and SHA-256 of what they wrote."""
    found = _of(records, {"StepClaimed", "StepDone", "StepFailed", "StepAttested"})
    return [row | {"commands": json.loads(row["facts"].pop("commands", None) or "[]")} for row in found]


def verdicts(records: Iterable[Row]) -> list[Row]:
    """Every change of a verdict, every attestation and waiver, and every reading that people asked for."""
    return _of(records, {"VerdictChanged", "GateAttested", "GateWaived", "GatesRead"})


def _of(records: Iterable[Row], kinds: set[str]) -> list[Row]:
    names = ("sequence", "at", "phase", "kind", "actor")
    mine = (each for each in records if each["kind"] in kinds)
    return [{name: each[name] for name in names} | {"facts": dict(each["facts"])} for each in mine]


def derived(records: Sequence[Row]) -> dict[str, bytes]:
    """The tables that say nothing beyond the ledger; made by the one who seals and again by the one who verifies."""
    return dict(zip(TABLES, map(lines, (approvals(records), commands(records), verdicts(records))), strict=True))


def outline(value: object, indent: str = "") -> str:
    """JSON as people read it: one line for each value, indented under its key."""
    if isinstance(value, dict):
        parts = [(f"{key}:", each) for key, each in value.items() if each not in (None, "", [], {})]
    elif isinstance(value, list):
        parts = [("-", each) for each in value]
    else:
        return f"{indent}{str(value).rstrip().replace(chr(10), chr(10) + indent)}\n"
    made = [
        f"{indent}{key}\n{outline(each, indent + '  ')}"
        if isinstance(each, dict | list) or "\n" in str(each)
        else f"{indent}{key} {each}\n"
        for key, each in parts
    ]
    return "".join(made)


def permalink(url: str, row: Mapping[str, Any], card: str) -> str:
    """Where a message stands in its workspace; "" where the workspace's address is not known."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:-]+/", url) or not row["channel"] or not row["ts"]:
        return ""
    link = f"{url}archives/{row['channel']}/p{row['ts'].replace('.', '')}"
    return f"{link}?thread_ts={card}&cid={row['channel']}" if row["place"] == "thread" and card else link


def verify(raw: bytes, head: str = "") -> Row:
    """The manifest and how far the head vouches (`witnessed`, a record's number); raises Bad at the first fault."""
    files = unpacked(raw)
    for file in sorted(FIXED - files.keys()):
        raise Bad(file, "the file is missing")
    rollout, said = (strict(name, files[name]) for name in ("rollout.json", "manifest.json"))
    name = rollout.get("name") if isinstance(rollout, dict) else None
    if not isinstance(name, str) or not isinstance(said, dict) or said.get("format") != FORMAT:
        raise Bad("manifest.json", f"the rollout has no name, or the format is not {FORMAT}")
    hashes, records = chained(name, files["ledger.jsonl"])
    _phases(files, records, whole=len(hashes) == len(records))
    if outline(strict("plan.json", files["plan.json"])).encode() != files["plan.txt"]:
        raise Bad("plan.txt", "it does not say what plan.json says")
    _tables(files, records)
    if len(hashes) == len(records):
        _samples(files, records)
    _messages(files, rollout)
    right = manifest(name, files)
    listed = said["files"] if isinstance(said.get("files"), dict) else {}
    for file in sorted({*right["files"], *listed}):
        if listed.get(file) != right["files"].get(file):
            raise Bad(file, "it is not what the manifest says" if file in files else "the file is missing")
    if files["manifest.json"] != written(right) + b"\n":
        wrong = sorted(key for key in {*right, *said} if said.get(key) != right.get(key))
        raise Bad("manifest.json", f"it is wrong about {', '.join(wrong) or 'its own form'}")
    return right | {"witnessed": _witness(hashes, head)}


def manifest(rollout: str, files: Mapping[str, bytes]) -> Row:
    """What a bundle says of itself: its head, what is withheld, and every other file's size and SHA-256."""
    rows = table("ledger.jsonl", files["ledger.jsonl"])
    withheld = [f"record {row['sequence']}" for row in rows if "withheld" in row]
    withheld += [file for file in sorted(files) if file.endswith(".masked.json")]
    named = {file: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for file, data in files.items()}
    head = rows[-1]["hash"] if rows else GENESIS
    about = {"format": FORMAT, "rollout": rollout, "head": head, "records": len(rows), "withheld": withheld}
    return about | {"files": {file: mark for file, mark in named.items() if file != "manifest.json"}}


def _phases(files: Mapping[str, bytes], records: Iterable[Row], *, whole: bool) -> None:
    """Every phase that was proposed is here under its digest, and nothing else is."""
    kinds = ("PhaseProposed", "ProposalChanged")
    named = {str(each["facts"].get("digest")): each["sequence"] for each in records if each["kind"] in kinds}
    here = {found[1]: file for file in files if (found := _PHASE.fullmatch(file))}
    lost = [(place, digest) for digest, place in named.items() if digest.removeprefix("sha256:") not in here]
    for place, digest in lost:
        raise Bad("ledger.jsonl", f"the phase {digest} is not in the bundle", place, place)
    for digest, file in here.items():
        if f"sha256:{digest}" not in named and whole:
            raise Bad(file, "no record proposes it")
        if not file.endswith(".masked.json") and hashlib.sha256(files[file]).hexdigest() != digest:
            raise Bad(file, "its bytes do not have the digest that is its name")
        strict(file, files[file])


def _tables(files: Mapping[str, bytes], records: Sequence[Row]) -> None:
    right = derived(records)
    for file in TABLES:
        table(file, files[file])
        pairs = zip((*files[file].split(b"\n"), None), (*right[file].split(b"\n"), None), strict=False)
        for number, (here, there) in enumerate(pairs, 1):
            if here != there:
                row = json.loads(here or there or b"{}")
                raise Bad(file, "it does not say what the ledger says", number, row.get("sequence", 0))


def _samples(files: Mapping[str, bytes], records: Iterable[Row]) -> None:
    """Where the outcome of a gate's samples changes, a record tells of exactly that sample, and nowhere else."""
    names = ("phase", "gate", "outcome", "says", "source", "samples")
    begun: list[tuple[list[Any], int]] = []
    before: dict[tuple[Any, ...], str] = {}
    for number, row in enumerate(table("samples.jsonl", files["samples.jsonl"]), 1):
        gate = (row["phase"], row["attempt"], row["gate"])
        begun += [([*map(row.get, names), row["at"]], number)] if before.get(gate) != row["outcome"] else []
        before[gate] = row["outcome"]
    changes: list[tuple[list[Any], int]] = []
    for each in (each for each in records if each["kind"] == "VerdictChanged"):
        at = [each["facts"]["read_at"]] if "read_at" in each["facts"] else []
        changes.append(([each["phase"], *map(each["facts"].get, names[1:]), *at], each["sequence"]))
    both = (sorted(pairs, key=lambda pair: pair[0][:2]) for pairs in (begun, changes))
    for here, there in zip(*((*pairs, ([None], 0)) for pairs in both), strict=False):
        if here[0][: len(there[0])] != there[0]:
            raise Bad("samples.jsonl", "the samples do not lead to the verdicts of the ledger", here[1], there[1])


def _messages(files: Mapping[str, bytes], rollout: Row) -> None:
    rows = table("messages.jsonl", files["messages.jsonl"])
    card = next((row["ts"] for row in rows if row["place"] == "card"), "")
    for number, row in enumerate(rows, 1):
        if row["permalink"] != permalink(str(rollout.get("workspace", "")), row, card):
            raise Bad("messages.jsonl", "the permalink is not that of its channel and ts", number)


def _witness(hashes: Sequence[str], head: str) -> int:
    wanted = head.lower().removeprefix("sha256:")
    found = [number for number, each in enumerate(hashes, 1) if each.startswith(wanted)]
    if wanted and not found:
        why = "no record has the witnessed head: the tail was cut, or the chain was written anew"
        raise Bad("ledger.jsonl", why, len(hashes) + 1, len(hashes) + 1)
    return found[-1] if wanted else 0


def told(bundle: str, head: str = "") -> tuple[int, str]:
    """The exit status (0 sound, 1 not, 2 not to be read) and the words about a bundle on disk."""
    if head and not re.fullmatch(r"(?:sha256:)?[0-9A-Fa-f]{12,64}", head):
        return 2, "a head has 12 to 64 hexadecimal digits; copy it from the message that told of it"
    try:
        raw = _read(bundle)
    except OSError as no:
        return 2, f"{bundle!a} cannot be read: {no.strerror or no}"
    try:
        return 0, "\n".join(_words(verify(raw, head), head, hashlib.sha256(raw).hexdigest()))
    except (Bad, LookupError, ValueError, TypeError, AttributeError, RecursionError) as no:
        return 1, f"NOT SOUND. {no if isinstance(no, Bad) else 'It holds values that no bundle holds.'}"


def _words(sound: Row, head: str, digest: str) -> Iterable[str]:
    yield f"SOUND. {sound['rollout']}: {sound['records']} records in one chain, {len(sound['files']) + 1} files."
    yield from (f"withheld, since it holds a secret: {each}" for each in sound["withheld"])
    rest = sound["records"] - sound["witnessed"]
    later = f"; the {rest} after it are not witnessed by it" if rest else ", the newest"
    yield f"the witnessed head is that of record {sound['witnessed']}{later}" if head else _UNWITNESSED
    why = "" if importlib.util.find_spec("securesystemslib") is None else ": bundles of this format carry none"
    yield from (f"signature not checked{why}", f"head: {sound['head']}", f"SHA-256 of this file: {digest}")


def _read(path: str) -> bytes:
    # Without waiting: a pipe in the bundle's place would hang whoever looks.
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "it is not a regular file")
        if os.fstat(file).st_size > LARGEST:
            raise OSError(0, "it is larger than 512 MiB, which no bundle is")
        return opened.read(LARGEST + 1)


def main(words: Sequence[str] | None = None) -> int:
    """`verify.py BUNDLE [--head HASH]`."""
    asked = argparse.ArgumentParser(description="Hold a rollout's evidence bundle against itself, offline.")
    asked.add_argument("bundle")
    asked.add_argument("--head", default="", help="the head of the ledger, as any message in Slack told of it")
    status, text = told(**vars(asked.parse_args(words)))
    (sys.stderr if status else sys.stdout).write(f"{text}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
