"""Commands: what a step's commands were called with and what they gave back, noted for the ledger while it acts."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True)
class Called:
    """One command as it ran. `argv` holds no secret, of the output size and hash stay; `exit` None: it was ended."""

    argv: tuple[str, ...]
    exit: int | None
    stdout_bytes: int
    stdout_sha256: str
    stderr_bytes: int
    stderr_sha256: str


_NOTES: Final[ContextVar[list[Called] | None]] = ContextVar("commands of the step that acts", default=None)


@contextmanager
def noting() -> Iterator[list[Called]]:
    """Everything that is called inside, in its order; also when it ends in an exception."""
    notes: list[Called] = []
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)


def note(called: Called) -> None:
    """Remember one command; nobody who listens is no trouble."""
    notes = _NOTES.get()
    if notes is not None:
        notes.append(called)


def fact(notes: Sequence[Called]) -> str:
    """The commands as one fact of an entry: JSON in text, "" for none."""
    return json.dumps([asdict(each) for each in notes], sort_keys=True, ensure_ascii=False) if notes else ""
