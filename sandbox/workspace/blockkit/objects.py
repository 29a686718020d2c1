"""The small objects of Block Kit: texts, options, confirm dialogs, and what an element may dispatch."""

from sandbox.workspace.blockkit.shapes import (
    Check,
    Complaints,
    Shape,
    choice,
    complain,
    kinds,
    link,
    many,
    one_of,
    text,
    truth,
)


def plain(longest: int) -> Check:
    """Accept a plain_text object only."""
    return Shape({"type": choice("plain_text"), "text": text(longest)}, {"emoji": truth})


def mrkdwn_or_plain(longest: int) -> Check:
    shapes = {
        "plain_text": Shape({"type": choice("plain_text"), "text": text(longest)}, {"emoji": truth}),
        "mrkdwn": Shape({"type": choice("mrkdwn"), "text": text(longest)}, {"verbatim": truth}),
    }
    return kinds(shapes, "text object")


CONFIRM = Shape(
    {"title": plain(100), "text": mrkdwn_or_plain(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
SLACK_FILE = Shape({}, {"id": text(255), "url": link()}, (one_of("id", "url"),))
DISPATCH = Shape(
    {"trigger_actions_on": many(choice("on_enter_pressed", "on_character_entered"), 2)},
)


def option(*, formatted: bool = False, with_link: bool = False) -> Check:
    label = mrkdwn_or_plain(75) if formatted else plain(75)
    described = mrkdwn_or_plain(75) if formatted else plain(75)
    more: dict[str, Check] = {"description": described}
    return Shape({"text": label, "value": text(150)}, more | ({"url": link()} if with_link else {}))


GROUP = Shape({"label": plain(75), "options": many(option(), 100)})


def unique_values(value: object, place: str) -> Complaints:
    """Refuse two options of one menu that carry the same value."""
    options = value.get("options") if isinstance(value, dict) else None
    if not isinstance(options, list):
        return
    values = [str(item.get("value")) for item in options if isinstance(item, dict)]
    if len(set(values)) != len(values):
        yield complain("option values must be unique", f"{place}/options")


def known_initial(value: object, place: str) -> Complaints:
    """Refuse an initial option that the menu does not offer."""
    if not isinstance(value, dict):
        return
    offered = as_list(value.get("options"))
    for group in as_list(value.get("option_groups")):
        offered += as_list(group.get("options")) if isinstance(group, dict) else []
    chosen = as_list(value.get("initial_options")) or [value.get("initial_option")]
    if any(item not in offered for item in chosen if item is not None):
        yield complain("initial option must match one of the options", place)


def as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
