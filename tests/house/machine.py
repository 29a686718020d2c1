"""The figure of the machine: docs/machine.md, drawn from the transition table; `--write` renews it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.domain.rollout import TRANSITIONS, State
from tests.house.source import ROOT

TARGET = ROOT / "docs" / "machine.md"
HEAD = """# The machine

Made from the transition table in `bot/domain/rollout.py` by `make map`. *Held* is a flag with a reason, not a state.
Moves of the clockwork are in brackets; all others are people's, and are the buttons of the card.

```mermaid
stateDiagram-v2
    [*] --> pending
"""


def written() -> str:
    """The text of docs/machine.md as the table has it now."""
    lines = [HEAD.rstrip("\n")]
    stays = []
    for line in TRANSITIONS:
        name = f"[{line.move.value}]" if line.clockwork else line.move.value
        needs = {None: "", True: ", while held", False: ", while not held"}[line.held]
        sources = [state for state in State if state in line.sources]
        if line.target is None:
            stays.append(f"| {name} | {', '.join(state.words for state in sources)} | {needs.removeprefix(', ')} |")
            continue
        lines += [f"    {source.value} --> {line.target.value}: {name}{needs}" for source in sources]
    lines += [
        "```",
        "",
        "Moves that leave the state as it is:",
        "",
        "| Move | In | Needs |",
        "|---|---|---|",
        *stays,
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if "--write" in sys.argv:
        TARGET.write_text(written())
    elif TARGET.read_text() != written():
        sys.exit("docs/machine.md is stale: run `make map`")
