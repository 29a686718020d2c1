"""The map of the house: every module with its sentence; `python -m tests.house.map --write` renews it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.house.source import ROOMS, ROOT, modules

TARGET = ROOT / "docs" / "map.md"


def written() -> str:
    """The text of docs/map.md as the source has it now."""
    lines = ["# The map of the house", "", "Made from the first sentence of every module by `make map`.", ""]
    for room in ROOMS:
        lines += [f"## {room}/", "", "| Module | What it is |", "|---|---|"]
        for module in modules(room):
            if module.path.name == "__init__.py" and not module.sentence:
                continue
            lines.append(f"| `{module.path.relative_to(ROOT)}` | {module.sentence.replace('|', '/')} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--write" in sys.argv:
        TARGET.write_text(written())
    elif TARGET.read_text() != written():
        sys.exit("docs/map.md is stale: run `make map`")
