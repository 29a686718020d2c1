"""Problems: what a plan says that cannot be meant, with the path to the words that say it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.domain.nearest import did_you_mean
from bot.domain.walking import Path

_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
_CHANNEL: Final = re.compile(r"#[a-z0-9_-]{1,79}|[CG][A-Z0-9]{6,}")


@dataclass(frozen=True)
class Problem:
    """One rule that a plan breaks. `path` leads to the value, or with `at_key` to the key before it."""

    path: Path
    says: str
    remedy: str = ""
    at_key: bool = False
    # The value may be a secret: the line is not to be shown.
    hide: bool = False


def unknown(path: Path, what: str, name: str, known: Iterable[str], *, at_key: bool = False) -> Iterator[Problem]:
    names = tuple(known)
    if name not in names:
        yield Problem(path, f"unknown {what} '{name}'", did_you_mean(name, names), at_key)


def misnamed(path: Path, what: str, name: str, *, at_key: bool = False) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(path, f"'{name}' cannot name a {what}", "use 1 to 40 of a-z, 0-9 and -", at_key)


def misplaced_channel(path: Path, channel: str) -> Iterator[Problem]:
    if not _CHANNEL.fullmatch(channel):
        yield Problem(path, f"'{channel}' is not a channel", "write #name, or the id such as C0123ABCD")


def repeated(path: Path, what: str, names: Iterable[str]) -> Iterator[Problem]:
    """Each name that was used before it, at its own place: `path` leads to the list, the name stands under `what`."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        yield from misnamed((*path, index, what), what, name)
        if name in seen:
            yield Problem((*path, index, what), f"there is already a {what} '{name}'", "names are used once")
        seen.add(name)
