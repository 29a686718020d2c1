"""Masking: which values may be secrets, and how a text is shown without them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

MASK: Final = "•••"
_NAMED: Final = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|API[_-]?KEY|ACCESS[_-]?KEY|AUTHORIZATION|DSN|DATABASE_URL",
    re.IGNORECASE,
)
# A value whose only secret part is a name to be filled in by the target shows none; an HMAC shows none either.
_PLACEHOLDER: Final = re.compile(
    r"^(|\$\{\w+\}|[a-z+]+://[^:@/]*:\$\{\w+\}@[^@]*|hmac-sha256:[0-9a-f]{64})$", re.IGNORECASE
)
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
# "basic authentication" is none: what is borne has a digit or padding in it.
_BORNE: Final = re.compile(r"(?i)\b(?:bearer|basic)\s+((?=[^\s\"',]*[\d=])[^\s\"',]{8,})")
_QUERY: Final = re.compile(r"(?i)[?&][\w-]*(?:password|secret|token|api[_-]?key|signature)[\w-]*=([^&#\s\"']+)")
_SHAPED: Final = re.compile(
    r"xox[abeoprs]-[\w-]{6,}|xapp-[\w-]{6,}|gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
)
_OPTION: Final = re.compile(r"(-{1,2}[\w-]+|[A-Za-z_]\w*)=(.*)", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z]+|[0-9.]+")
_LONG: Final = 8


def named_secret(key: str, value: str) -> bool:
    """Whether this key says that its value is not to be shown; `${NAME}` stands for one and shows none."""
    return bool(_NAMED.search(key)) and not _PLACEHOLDER.match(value)


def secrets_in(text: str) -> Iterator[str]:
    """The parts of a text that are secrets by their shape: users and passwords in addresses, bearers, tokens."""
    for found in _USERINFO.finditer(text):
        if not _PLACEHOLDER.match(found[0].partition(":")[2]) or ":" not in found[0]:
            yield found[0]
    for rule in (_BORNE, _QUERY):
        yield from (found[1] for found in rule.finditer(text) if not _PLACEHOLDER.match(found[1]))
    yield from (found[0] for found in _SHAPED.finditer(text))


def secrets_of_argv(argv: Sequence[str]) -> Iterator[str]:
    """The values of options that say so by their names, joined or following, and what is secret by its shape."""
    for place, word in enumerate(argv):
        yield from secrets_in(word)
        option = _OPTION.fullmatch(word)
        if option and named_secret(option[1], option[2]):
            yield option[2]
        elif word.startswith("-") and not option and place + 1 < len(argv):
            following = argv[place + 1]
            if named_secret(word, following) and not following.startswith("-"):
                yield following


def masked_argv(argv: Sequence[str]) -> tuple[str, ...]:
    hidden = tuple(secrets_of_argv(argv))
    return tuple(without(word, hidden) for word in argv)


def without(text: str, hidden: Iterable[str]) -> str:
    """The text with each of these parts masked, the longest first."""
    for each in sorted({part for part in hidden if part}, key=len, reverse=True):
        text = text.replace(each, MASK)
    return text


def spreads(value: str) -> bool:
    """Whether a secret is so peculiar that it may be looked for elsewhere; `disabled` would hide half of a plan."""
    return len(value) >= _LONG and not _WORD.fullmatch(value)
