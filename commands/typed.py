"""What people typed, as Slack hands it on, turned back into the words that they meant."""

import re
from typing import Final

_REFERENCE: Final = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_SIGNS: Final = {"@": "@", "#": "#", "!": "@"}
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(text: str) -> str:
    """The text without Slack's markup; whoever shows it again has to escape it."""
    unlinked = _REFERENCE.sub(_name, text)
    for entity, sign in _ENTITIES:
        unlinked = unlinked.replace(entity, sign)
    return unlinked.strip()


def _name(found: re.Match[str]) -> str:
    sign, target, label = found[1], found[2], found[3] or ""
    if not sign:
        return label or target
    shown = label or target.split("^")[-1]
    return _SIGNS[sign] + shown.lstrip("@#")


def words(text: str) -> tuple[str, ...]:
    return tuple(plain(text).split())


def after_mention(text: str, bot: str) -> str:
    """What was said to the bot: the words that follow its name."""
    _, found, rest = text.partition(f"<@{bot}>")
    if found:
        return rest
    # A labelled mention, as older clients write it.
    return re.sub(rf"^.*?<@{re.escape(bot)}\|[^>]*>", "", text, count=1)
