"""Text: what people and plans wrote, made harmless, and the few marks of Slack that we set ourselves."""

import re
from datetime import datetime
from typing import Final

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP: Final = re.compile(r"<!subteam\^S[A-Z0-9]{2,20}>")
# Controls, marks that turn the direction of reading, and signs that nobody sees: with them a text can pretend to be
# another. Halves of a surrogate pair are no text at all, and could neither be stored nor sent.
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)
_OPERATOR: Final = "operator:"
_SHORT: Final = 12


def _line(text: object) -> str:
    return " ".join(_UNSEEN.sub(" ", str(text)).split())


def plain(text: object) -> str:
    """Text for places where Slack reads no marks: signs that could begin one are put out of reach all the same."""
    return _line(text).replace("<", "‹").replace(">", "›")


def escape(text: object, most: int = 800) -> str:
    """One line of somebody's text, in which Slack finds no mention, link or broadcast."""
    line = _line(text)
    line = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: object) -> str:
    """Somebody's text as code; a back-tick inside would end it."""
    return f"`{escape(text).replace('`', chr(0x2BB)) or ' '}`"


def mention(user: str) -> str:
    """A person, notified; anything that is no user id stays text."""
    return f"<@{user}>" if _USER.fullmatch(user) else escape(user)


def group(words: str) -> str:
    """A user group's mention as the directory gave it; anything else stays text."""
    return words if _GROUP.fullmatch(words) else escape(words)


def who(actor: str) -> str:
    """The one who acted: a person, the bot, or the host's operator by name."""
    if actor == "clockwork":
        return "the bot"
    if actor.startswith(_OPERATOR):
        return f"{escape(actor.removeprefix(_OPERATOR))} (on the host)"
    return mention(actor) if actor else "somebody"


def when(moment: datetime) -> str:
    """A moment in the reader's own time zone; UTC where that is not known."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{moment:%Y-%m-%d %H:%M} UTC>"


def short(digest: str) -> str:
    """The part of a digest that people compare."""
    return digest.removeprefix("sha256:")[:_SHORT]


def bar(share: float, width: int = 12) -> str:
    """A share as a row of signs; always shown beside the number."""
    full = min(max(int(share * width), 0), width)
    return "▰" * full + "▱" * (width - full)


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def plain_marks(text: str) -> str:
    """Our own emphasis left out, for the text that is read aloud."""
    return text.replace("*", "").replace("`", "")
