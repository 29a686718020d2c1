"""Telling: the findings as lines for people, or as JSON for programs."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bot.doctor.examining import stands
from bot.doctor.findings import Finding, State


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """One line per finding with its remedy below, and the sum at the end."""
    width = max((len(finding.check) for finding in findings), default=0)
    for finding in findings:
        # Nothing that somebody else wrote may move the cursor or begin a line of its own.
        yield f"{finding.state.value:<8} {finding.check:<{width}}  {_plain(finding.found)}"
        if finding.remedy:
            yield f"{'':<8} {'':<{width}}  remedy: {_plain(finding.remedy)}"
    sums = Counter(finding.state for finding in findings)
    yield f"{len(findings)} findings: " + ", ".join(f"{sums[state]} {state.value}" for state in State)


def as_json(findings: Sequence[Finding]) -> str:
    """The same for a program: `ok` is whether nothing failed."""
    return json.dumps({"ok": stands(findings), "findings": [asdict(finding) for finding in findings]}, indent=2)


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
