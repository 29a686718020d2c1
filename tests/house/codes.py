"""The page of codes: docs/codes.md, from the table of codes; `python -m tests.house.codes --write` renews it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.domain.codes import CODES
from tests.house.source import ROOT

TARGET = ROOT / "docs" / "codes.md"
HEAD = """# What the bot says, by code

Made from `bot/domain/codes.py` by `python -m tests.house.codes --write`; do not edit. A refusal ends with its code;
`rollout explain CODE` on the host and `/rollout explain CODE` in Slack say the same as this page.

| Code | What it means | What to do |
|---|---|---|
"""


def written() -> str:
    """The text of docs/codes.md as the table has it now."""
    rows = [f"| `{code}` | {each.meaning} | {each.remedy} |" for code, each in CODES.items()]
    return HEAD + "\n".join(rows).replace("||", "|") + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        TARGET.write_text(written(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != written():
        sys.exit("docs/codes.md is stale: run `make map`")
