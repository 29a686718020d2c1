"""The triggers that make the ledger append-only, and the check that they are there.

A change to this text needs a migration of its own. No batch migration may ever touch the ledger: it copies
the table and drops its triggers.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from storage.session import Session
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

_BODY_NEXT: Final = f"""
BEGIN
  IF NEW.sequence IS DISTINCT FROM (SELECT COALESCE(MAX(sequence), 0) + 1 FROM ledger WHERE stream = NEW.stream)
    OR NEW.previous IS DISTINCT FROM COALESCE(
      (SELECT hash FROM ledger WHERE stream = NEW.stream ORDER BY sequence DESC LIMIT 1), '{GENESIS}') THEN
    RAISE EXCEPTION 'the ledger takes only the next record' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
"""  # noqa: S608 - a constant of ours


def _never(done: str) -> str:
    said = f"'the ledger is never {done}' USING ERRCODE = 'integrity_constraint_violation'"
    return f"\nBEGIN\n  RAISE EXCEPTION {said};\nEND\n"


class _Guard(NamedTuple):
    """One trigger of PostgreSQL; `bits` are pg_trigger's own: 1 for each row, 2 before, 4, 8, 16, 32 for the events."""

    when: str
    bits: int
    body: str


GUARDS: Final[Mapping[str, _Guard]] = {
    "ledger_takes_only_the_next": _Guard("INSERT ON ledger FOR EACH ROW", 1 + 2 + 4, _BODY_NEXT),
    "ledger_is_never_updated": _Guard("UPDATE ON ledger FOR EACH STATEMENT", 2 + 16, _never("updated")),
    "ledger_is_never_deleted": _Guard("DELETE ON ledger FOR EACH STATEMENT", 2 + 8, _never("deleted from")),
    "ledger_is_never_truncated": _Guard("TRUNCATE ON ledger FOR EACH STATEMENT", 2 + 32, _never("truncated")),
}


def statements(kind: str) -> tuple[str, ...]:
    """What a migration runs to put the triggers there."""
    return tuple(TRIGGERS.values()) if kind == "sqlite" else tuple(_guarding())


def _guarding() -> list[str]:
    made = []
    for name, guard in GUARDS.items():
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body${guard.body}$body$",
            f"CREATE TRIGGER {name} BEFORE {guard.when} EXECUTE FUNCTION {name}()",
            # Always: also in a session that calls itself a replica, which skips ordinary triggers.
            f"ALTER TABLE ledger ENABLE ALWAYS TRIGGER {name}",
        ]
    return made


class TriggersMissing(Exception):  # noqa: N818 - what is wrong
    """The ledger is not guarded as it must be; the bot must not start on this database."""


def check_triggers(session: Session) -> None:
    """Raise TriggersMissing unless every trigger stands word for word, and no other is on the ledger."""
    found, wanted = (_found(session), TRIGGERS) if session.kind == "sqlite" else (_found_guards(session), _WANTED)
    wrong = sorted(name for name in wanted.keys() | found.keys() if found.get(name) != wanted.get(name))
    if wrong:
        raise TriggersMissing(f"the ledger's triggers are missing or changed: {', '.join(wrong)}")


def _found(session: Session) -> dict[str, object]:
    rows = session.driver.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'")
    return dict(rows.fetchall())


# Its function, that function's words and language; before what, for each what; enabled always; without a condition,
# on every column, for no constraint. A rewriting rule on the ledger would go before any trigger.
_WANTED: Final[Mapping[str, object]] = {
    name: (name, guard.body, "plpgsql", None, guard.bits, "A", True, "", 0) for name, guard in GUARDS.items()
}
_STANDING: Final = """
SELECT t.tgname::text, p.proname::text, p.prosrc, l.lanname::text, p.proconfig::text, t.tgtype::int,
  t.tgenabled::text, t.tgqual IS NULL, t.tgattr::text, t.tgconstraint::int
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
WHERE t.tgrelid = 'ledger'::regclass AND NOT t.tgisinternal
UNION ALL
SELECT rulename::text, '', '', '', NULL, 0, '', false, '', 0 FROM pg_rewrite WHERE ev_class = 'ledger'::regclass
"""


def _found_guards(session: Session) -> dict[str, object]:
    return {name: tuple(rest) for name, *rest in session.driver.execute(_STANDING).fetchall()}
