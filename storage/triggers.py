"""The triggers that make the ledger append-only, and the check that they are there.

A change to this text needs a migration of its own. No batch migration may ever touch the ledger: it copies
the table and drops its triggers.
"""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from storage.verification import GENESIS

_NEXT: Final = f"""CREATE TRIGGER ledger_takes_only_the_next
BEFORE INSERT ON ledger
WHEN NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM ledger WHERE stream = NEW.stream)
  OR NEW.previous IS NOT COALESCE(
    (SELECT hash FROM ledger WHERE stream = NEW.stream ORDER BY sequence DESC LIMIT 1), '{GENESIS}')
BEGIN SELECT RAISE(ABORT, 'the ledger takes only the next record'); END"""  # noqa: S608 - a constant of ours

TRIGGERS: Final = {
    "ledger_takes_only_the_next": _NEXT,
    "ledger_is_never_updated": """CREATE TRIGGER ledger_is_never_updated
BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never updated'); END""",
    "ledger_is_never_deleted": """CREATE TRIGGER ledger_is_never_deleted
BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never deleted from'); END""",
}


class TriggersMissing(Exception):  # noqa: N818 - what is wrong
    """The ledger is not guarded as it must be; the bot must not start on this database."""


def check_triggers(session: Session) -> None:
    """Raise TriggersMissing unless every trigger stands word for word, and no other is on the ledger."""
    rows = session.connection().execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'")
    )
    found: dict[str, str] = {row.name: row.sql for row in rows}
    wrong = sorted(name for name in TRIGGERS.keys() | found.keys() if found.get(name) != TRIGGERS.get(name))
    if wrong:
        raise TriggersMissing(f"the ledger's triggers are missing or changed: {', '.join(wrong)}")
