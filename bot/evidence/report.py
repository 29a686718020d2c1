"""The report: what a sceptic wants to know first, on one page that is part of the bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.evidence.markup import Html, code, facts, joined, link, page, section, table, tag, text
from bot.evidence.verifying import approvals, commands

Row = dict[str, Any]
_TROUBLES: Final = {
    "StepFailed": "A step did not come about",
    "PhaseHeld": "The phase was held",
    "PhaseDenied": "The phase was denied",
    "PhaseAborted": "The phase was aborted",
    "ProposalChanged": "What was approved changed, so every approval was void",
    "ApprovalLapsed": "An approval lapsed",
    "ApprovalExpired": "The request expired",
    "CountdownBegan": "A rollback was announced",
    "RollbackBegan": "The phase went back",
    "PhaseUnready": "The phase was not ready any more",
    "BotRestarted": "The bot was started again",
}
_STEPS: Final = (
    """Take the bundle's zip from more than one place (the file store of the host, the thread in Slack) and compare its
    SHA-256 with the message that told of it.""",
    """Read verify.py in the bundle. It is short and uses Python's standard library alone. Then run it on the zip, with
    a head that you took from a message in Slack: any decision carries one.""",
    """By hand: every line of ledger.jsonl has a payload; its SHA-256 is the line's hash, and is the next line's
    `previous`. The first one's `previous` is 64 zeros; the last hash is the head.""",
    """Every file in phases/ has its own SHA-256 as its name; approvals are for that digest. A file that ends in
    .masked.json held a secret: it is shown without it, so its hash cannot be made again from the bundle.""",
    "approvals.jsonl, commands.jsonl and verdicts.jsonl only repeat what the ledger says; verify.py makes them anew.",
)
_QUIET: Final = frozenset({"members", "voters", "commands", "digest", "key", "intent"})
_SIGNS: Final = {"pass": "good", "fail": "bad", "error": "bad", "inconclusive": "odd"}


@dataclass(frozen=True)
class Story:
    """What the report is told from: the ledger's records, the samples, the messages and the phases as shown."""

    rollout: Row
    records: Sequence[Row]
    samples: Sequence[Row]
    messages: Sequence[Row]
    phases: Mapping[str, Any]
    head: str
    count: int
    withheld: tuple[str, ...]


def report(story: Story) -> bytes:
    """The whole page; the same bytes for the same story."""
    name = str(story.rollout["name"])
    parts = {
        "phases": ("Where it stands", _phases(story)),
        "wrong": ("What went wrong", _wrong(story)),
        "yes": ("Who said yes", _yes(story)),
        "ran": ("What ran", _ran(story)),
        "measured": ("What was measured", _measured(story)),
        "words": ("Waivers and words given instead of measurements", _words(story)),
        "timeline": ("Everything, in order", _timeline(story)),
        "check": ("How to check this by hand", _check(story)),
    }
    places = (tag("li", Html(f'<a href="#{key}">{text(title)}</a>')) for key, (title, _) in parts.items())
    sections = [section(key, title, inside) for key, (title, inside) in parts.items()]
    return page(f"Evidence of {name}", _head(story), tag("nav", tag("ul", *places)), *sections)


def _head(story: Story) -> Html:
    rollout = story.rollout
    card = next((each["permalink"] for each in story.messages if each["place"] == "card"), "")
    closed = _when(rollout["closed_at"]) if rollout["closed_at"] else "not closed when this was sealed"
    pairs: list[tuple[str, object]] = [
        ("Rollout", joined((code(rollout["name"]), " of plan ", code(rollout["plan"])))),
        ("Opened", f"{_when(rollout['opened_at'])} by {rollout['opened_by']}"),
        ("Closed", closed),
        ("Records", f"{story.count} in one chain of SHA-256 hashes"),
        ("Head", code(story.head)),
    ]
    pairs += [("In Slack", link(card, "the rollout's card"))] if card else []
    pairs += [("Withheld", f"{', '.join(story.withheld)}: a secret stands in it")] if story.withheld else []
    intro = "All times are UTC. People are named by their Slack ids. Nothing here is drawn from outside this bundle."
    return joined((tag("h1", rollout["title"]), tag("p", intro, of="soft"), facts(pairs)))


def _phases(story: Story) -> Html:
    rows = [
        (
            tag("strong", run["phase"]),
            f"{run['state'].replace('_', ' ')}{', held' if run['held'] else ''}",
            run["attempt"] or "",
            run["asked_by"],
            run["started_by"],
            code(_short(run["digest"])) if run["digest"] else "",
        )
        for run in story.rollout["phases"]
    ]
    heads = ("Phase", "State", "Attempt", "Asked for by", "Started by", "Digest of what was approved")
    return table(heads, rows, "The plan has no phases.")


def _wrong(story: Story) -> Html:
    rows = []
    for each in story.records:
        bad = each["kind"] == "VerdictChanged" and each["facts"].get("outcome") in {"fail", "error"}
        if bad or each["kind"] in _TROUBLES:
            what = f"{each['facts'].get('gate')}: {each['facts'].get('outcome')}" if bad else _TROUBLES[each["kind"]]
            rows.append((_number(each), _when(each["at"]), each["phase"], what, _why(each["facts"]), each["actor"]))
    heads = ("Record", "When", "Phase", "What", "In the record's words", "By")
    return table(heads, rows, "The ledger tells of nothing that went wrong.")


def _why(told: Row) -> str:
    names = ("reason", "says", "changed", "names", "gates", "unknown", "statement")
    return "; ".join(str(told[name]) for name in names if told.get(name))


def _yes(story: Story) -> Html:
    rows = [
        (
            _number(each),
            _when(each["at"]),
            each["phase"],
            _person(each),
            each["guild"],
            _listed(each["members"], each["person"], "when it was given"),
            _used(each),
            code(_short(str(each["digest"] or ""))),
        )
        for each in approvals(story.records)
    ]
    about = "An approval is one person's yes for one guild and for exactly the bytes of the digest beside it."
    heads = ("Record", "When", "Phase", "Person", "For", "Members then", "What became of it", "Digest")
    return joined((tag("p", about), table(heads, rows, "Nobody has approved anything.")))


def _person(each: Row) -> Html:
    return joined((code(each["person"]), f" {each['name']}" if each["name"] else ""))


def _listed(members: object, person: str, when: str) -> Html:
    if not isinstance(members, list):
        return text(f"not recorded {when}")
    inside = tag("span", "yes", of="good") if person in members else tag("span", "not among them", of="bad")
    return joined((inside, f", {len(members)} {when}: ", ", ".join(map(str, members))))


def _used(each: Row) -> Html:
    if not each["ended"]:
        return text("it stands, unused")
    ended = f"{each['ended']} (record {each['ended_by']})"
    if each["ended"] != "used":
        return text(ended)
    return joined((ended, "; member at the start: ", _listed(each["members_at_start"], each["person"], "at the start")))


def _ran(story: Story) -> Html:
    rows = [
        (
            _number(each),
            _when(each["at"]),
            each["phase"],
            each["facts"].get("step"),
            tag("span", _became(each), of={"StepDone": "good", "StepFailed": "bad"}.get(each["kind"], "")),
            joined((each["facts"].get("says") or each["facts"].get("statement"), *map(_command, each["commands"]))),
        )
        for each in commands(story.records)
    ]
    about = (
        "Every attempt at every step: what was claimed before it began, and what became of it. Of what commands wrote, "
        "the size and the SHA-256 are kept, to be held against a log of yours."
    )
    heads = ("Record", "When", "Phase", "Step", "Outcome", "What was done")
    return joined((tag("p", about), table(heads, rows, "Nothing has run.")))


def _became(each: Row) -> str:
    stage = str(each["facts"].get("stage") or "").replace("_", " ")
    way = {"back": " on the way back"}.get(str(each["facts"].get("ladder") or ""), "")
    plain = {"StepClaimed": "begun", "StepDone": stage or "done", "StepFailed": stage or "failed"}
    return plain.get(each["kind"], f"done by hand, says {each['actor']}") + way


def _command(ran: Row) -> Html:
    exit_code = "was ended at its time limit" if ran["exit"] is None else f"exit code {ran['exit']}"
    outputs = (
        f"{name}: {ran[f'{name}_bytes']} bytes, SHA-256 {ran[f'{name}_sha256']}" for name in ("stdout", "stderr")
    )
    return tag("pre", "\n".join((" ".join(map(str, ran["argv"])), exit_code, *outputs)))


def _measured(story: Story) -> Html:
    taken = Counter((each["phase"], each["gate"]) for each in story.samples)
    bad = Counter((each["phase"], each["gate"]) for each in story.samples if each["outcome"] != "pass")
    last = {(each["phase"], each["gate"]): each for each in story.samples}
    rows = [
        (
            tag("strong", f"{phase} / {gate}"),
            taken[phase, gate],
            bad[phase, gate] or "none",
            tag("span", each["outcome"], of=_SIGNS.get(str(each["outcome"]), "")),
            each["says"],
            each["source"],
            _when(str(each["at"])),
        )
        for (phase, gate), each in last.items()
    ]
    heads = ("Gate", "Readings", "Not a pass", "Last verdict", "In words", "Read from", "When")
    about = "Every single reading is in samples.jsonl; every change of a verdict is a record of the ledger below."
    return joined((tag("p", about), table(heads, rows, "Nothing has been measured.")))


def _words(story: Story) -> Html:
    kinds = {
        "GateWaived": "waived for a day, in spite of its verdict",
        "GateAttested": "attested, not measured",
        "StepAttested": "a step done by hand",
    }
    rows = [
        (
            _number(each),
            _when(each["at"]),
            each["phase"],
            each["facts"].get("gate") or each["facts"].get("gates") or each["facts"].get("step"),
            tag("span", kinds[each["kind"]], of="odd"),
            _why(each["facts"]),
            each["actor"],
        )
        for each in story.records
        if each["kind"] in kinds
    ]
    heads = ("Record", "When", "Phase", "About", "What", "Words", "By")
    return table(heads, rows, "Nothing was waived, and nobody's word stands for a measurement.")


def _timeline(story: Story) -> Html:
    links = {f"{each['key']}": each["permalink"] for each in story.messages}
    rows = [
        (_number(each), _when(each["at"]), each["phase"], code(each["kind"]), each["actor"], _facts(each["facts"]))
        for each in story.records
    ]
    said = [link(address, key) for key, address in links.items() if address]
    messages = tag("p", "Messages in Slack: ", joined(said, ", ")) if said else Html("")
    heads = ("Record", "When", "Phase", "What happened", "By", "Facts")
    return joined((messages, table(heads, rows, "The ledger is empty.")))


def _facts(told: Row) -> str:
    return "; ".join(f"{name}: {fact}" for name, fact in told.items() if fact not in {None, ""} and name not in _QUIET)


def _check(story: Story) -> Html:
    command = f"python3 -I verify.py BUNDLE.zip --head {story.head}"
    limits = (
        "What this cannot show: that the clock was right, that a probe's source told the truth, and that nothing was "
        "done outside of the bot. Readings are not chained; only the change of a verdict is."
    )
    return joined((tag("ol", *(tag("li", each) for each in _STEPS)), tag("pre", command), tag("p", limits)))


def _number(each: Row) -> str:
    return f"#{each['sequence']}"


def _when(written: str) -> str:
    return written[:19].replace("T", " ")


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]
