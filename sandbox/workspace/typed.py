"""What a person typed, as Slack hands it on: `<`, `>` and `&` escaped, names turned into mentions."""

import re

from sandbox.workspace.memory import Memory

NAMED = re.compile(r"(?<![\w<])(?P<sign>[@#])(?P<name>[\w][\w.-]*[\w]|\w)")


def encode(memory: Memory, text: str, *, labelled: bool) -> str:
    """Escape the text; mentions of known names carry a label when `labelled`, as in escaped commands."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return NAMED.sub(
        lambda found: mention(memory, found["sign"], found["name"], labelled=labelled) or found[0], escaped
    )


def mention(memory: Memory, sign: str, name: str, *, labelled: bool) -> str | None:
    if sign == "#":
        channel = memory.channel(name)
        return f"<#{channel.id}|{channel.name}>" if channel else None
    person = memory.person(name)
    if person is not None:
        return f"<@{person.id}|{person.name}>" if labelled else f"<@{person.id}>"
    group = next((group for group in memory.groups.values() if group.handle == name.lower()), None)
    if group is not None:
        return f"<!subteam^{group.id}|@{group.handle}>" if labelled else f"<!subteam^{group.id}>"
    return f"<!{name}>" if name in {"here", "channel", "everyone"} else None
