"""What a person picked or typed in elements, as Slack writes it into `actions` and `state.values`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.workspace.blockkit.blocks import interactive
from sandbox.workspace.blockkit.elements import PICKED, TYPED
from sandbox.workspace.state import JsonObject

ONE_OPTION = frozenset({"static_select", "radio_buttons", "overflow"})
MANY_OPTIONS = frozenset({"multi_static_select", "checkboxes"})
PLAIN_KEYS: Mapping[str, str] = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "multi_users_select": "selected_users",
}
STATEFUL = PICKED.keys() | TYPED.keys()


class BadInput(ValueError):  # noqa: N818 - a no to a person
    """The element does not take this value; Slack's client would not let a person send it."""


@dataclass(frozen=True)
class Spot:
    """An element and the block that it stands in."""

    block: JsonObject
    element: JsonObject

    @property
    def names(self) -> tuple[str, str]:
        return str(self.block["block_id"]), str(self.element["action_id"])


def spots(blocks: Iterable[JsonObject]) -> list[Spot]:
    return [Spot(block, element) for block in blocks for element in interactive(block)]


def options_of(element: JsonObject) -> list[JsonObject]:
    grouped = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *grouped]


def chosen(element: JsonObject, value: object) -> JsonObject:
    """Return the element's state after a person gave it this value; None empties it."""
    kind = str(element["type"])
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if value is None else option_of(element, value)}
    if kind in MANY_OPTIONS:
        values = value if isinstance(value, list) else [] if value is None else [value]
        return {"type": kind, "selected_options": [option_of(element, item) for item in values]}
    if kind in PLAIN_KEYS:
        return {"type": kind, PLAIN_KEYS[kind]: value}
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{element.get('action_id')} takes text")
    return {"type": kind, "value": value or None}


def option_of(element: JsonObject, value: object) -> JsonObject:
    for option in options_of(element):
        if option["value"] == value:
            return option
    offered = ", ".join(str(option["value"]) for option in options_of(element))
    raise BadInput(f"{element.get('action_id')} does not offer {value!r}; it offers {offered}")


def untouched(element: JsonObject) -> JsonObject:
    """Return the element's state as the app drew it."""
    kind = str(element["type"])
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in PLAIN_KEYS:
        key = PLAIN_KEYS[kind]
        return {"type": kind, key: element.get(key.replace("selected_", "initial_"))}
    return {"type": kind, "value": element.get("initial_value") or None}


def state_values(blocks: Iterable[JsonObject], given: Mapping[tuple[str, str], object]) -> JsonObject:
    """Return `state.values`: what was given, and what the app drew everywhere else."""
    values: JsonObject = {}
    for spot in spots(blocks):
        if spot.element["type"] in STATEFUL:
            state = chosen(spot.element, given[spot.names]) if spot.names in given else untouched(spot.element)
            values.setdefault(spot.names[0], {})[spot.names[1]] = state
    return values


def placed(blocks: Iterable[JsonObject], values: JsonObject) -> dict[tuple[str, str], object]:
    """Read `{block: {action: value}}` or flat `{action: value}`; a name that is not there is refused."""
    known = {spot.names for spot in spots(blocks) if spot.element["type"] in STATEFUL}
    given: dict[tuple[str, str], object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            given |= {(name, action): inner for action, inner in value.items()}
        else:
            matching = [names for names in known if names[1] == name]
            given[matching[0] if len(matching) == 1 else (name, name)] = value
    strange = [" / ".join(names) for names in given if names not in known]
    if strange:
        raise BadInput(f"no input is called {', '.join(strange)}")
    return given


def missing(blocks: Iterable[JsonObject], values: JsonObject) -> list[str]:
    """Name what Slack's client would mark before sending: empty required inputs, texts of a wrong length."""
    wrong = []
    for block in blocks:
        if block.get("type") == "input":
            element = block["element"]
            state = values[block["block_id"]][element["action_id"]]
            content = next((inner for key, inner in state.items() if key != "type"), None)
            if not content and not block.get("optional", False):
                wrong.append(f"{block['block_id']}: this field is required")
            elif isinstance(content, str) and not fits(element, content):
                wrong.append(f"{block['block_id']}: the text is too short or too long")
    return wrong


def fits(element: JsonObject, content: str) -> bool:
    least, most = int(element.get("min_length", 0)), int(element.get("max_length", 3000))
    return least <= len(content) <= most
