"""Env files: KEY=VALUE lines read, changed one key at a time, and compared.

Values are taken as they stand: `${NAME}` is never replaced, one pair of quotes around a value is not part of it.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from bot.domain.masking import named_secret, secrets_in

_LINE: Final = re.compile(
    r"(?P<lead>[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*)(?P<value>[^\r\n]*?)(?P<tail>[ \t]*)"
)
_QUOTES: Final = ("'", '"')
# `TOKEN_LIMIT=4096` and `PRIVATE_REPOSITORIES=true` say nothing that anybody could use.
_ORDINARY: Final = re.compile(r"true|false|yes|no|on|off|\d+(?:\.\d+)?[a-z]{0,2}", re.IGNORECASE)
REMEDY: Final = "write ${NAME}, which the target fills in"


class EnvFileError(ValueError):
    """A line that is no assignment, or a key given twice; `line` is counted from 1."""

    def __init__(self, line: int, says: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {says}")


class Difference(NamedTuple):
    """One key that is added `+`, changed `~` or taken away `-`."""

    sign: Literal["+", "~", "-"]
    key: str
    old: str | None
    new: str | None


def parse(text: str) -> dict[str, str]:
    """Read the keys in their order; EnvFileError names the line that cannot be read."""
    found: dict[str, str] = {}
    for number, line in enumerate((each.rstrip("\r\n") for each in _lines(text)), 1):
        if not _assigns(line):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise EnvFileError(number, f"'{_key_only(line)}' is not KEY=VALUE")
        if match["key"] in found:
            raise EnvFileError(number, f"the key {match['key']} is given twice")
        found[match["key"]] = _bare(match["value"])
    return found


def edit(text: str, sets: Mapping[str, str]) -> str:
    """Change single keys and keep every other byte; a key that is missing is added at the end.

    EnvFileError when the text cannot be read, ValueError when a new value would not stay on its line.
    """
    parse(text)
    for key, value in sets.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) or re.search(r"[\r\n\0]", value):
            raise ValueError(f"{key} cannot be written as one line of an env file")
    lines = [_edited(line, sets) for line in _lines(text)]
    missing = [key for key in sets if key not in parse(text)]
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    if missing and lines and not lines[-1].endswith("\n"):
        lines[-1] += ending
    return "".join(lines) + "".join(f"{key}={_quoted(sets[key])}{ending}" for key in missing)


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[Difference]:
    """What changes on the way from `old` to `new`: in the order of `new`, then what goes away."""
    changes = [
        Difference("~" if key in old else "+", key, old.get(key), value)
        for key, value in new.items()
        if old.get(key) != value
    ]
    return changes + [Difference("-", key, value, None) for key, value in old.items() if key not in new]


def _lines(text: str) -> list[str]:
    """The lines with their ends; str.splitlines would also break at separators that belong to a value."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _assigns(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith(("#", ";"))


def _edited(line: str, sets: Mapping[str, str]) -> str:
    body = line.rstrip("\r\n")
    match = _LINE.fullmatch(body) if _assigns(body) else None
    if match is None or match["key"] not in sets:
        return line
    new = sets[match["key"]]
    if _bare(match["value"]) == new:
        return line
    quote = match["value"][:1] if _is_quoted(match["value"]) else ""
    written = f"{quote}{new}{quote}" if quote and quote not in new else _quoted(new)
    return match["lead"] + written + match["tail"] + line[len(body) :]


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES


def _bare(value: str) -> str:
    return value[1:-1] if _is_quoted(value) else value


def _quoted(value: str) -> str:
    """As it stands, or in quotes where blanks or quotes at its ends would be lost."""
    if value == value.strip() and not _is_quoted(value):
        return value
    return f'"{value}"'


def _key_only(line: str) -> str:
    # What follows the key may be a secret: it is never repeated.
    words = line.strip().partition("=")[0].split(maxsplit=1)
    return words[0][:40] if words else ""


def in_clear(key: str, value: str) -> bool:
    """Whether a value is a secret by its key or its shape, written out; `${NAME}` stands for one and shows none."""
    return any(secrets_in(value)) or (named_secret(key, value) and not _ORDINARY.fullmatch(value))
