"""Block elements: what may be pressed, picked or typed, with Slack's limits."""

from sandbox.workspace.blockkit.objects import (
    CONFIRM,
    DISPATCH,
    GROUP,
    SLACK_FILE,
    known_initial,
    option,
    plain,
    unique_values,
)
from sandbox.workspace.blockkit.shapes import (
    Check,
    Complaints,
    Shape,
    a_dict,
    anything,
    choice,
    complain,
    link,
    many,
    number,
    one_of,
    text,
    truth,
)

ACTION_ID = text(255)
IMAGE = Shape(
    {"type": choice("image"), "alt_text": text(2000)},
    {"image_url": link(), "slack_file": SLACK_FILE},
    (one_of("image_url", "slack_file"),),
)


def lengths_in_order(value: object, place: str) -> Complaints:
    least, most = (value.get("min_length"), value.get("max_length")) if isinstance(value, dict) else (0, 0)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield complain("min_length must not be above max_length", place)


def element(
    kind: str, needs: dict[str, Check] | None = None, may: dict[str, Check] | None = None, *rules: Check
) -> Shape:
    """Describe an interactive element: `action_id` may be left out, Slack then makes one up."""
    common: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": truth}
    return Shape({"type": choice(kind)} | (needs or {}), common | (may or {}), rules)


def menu(kind: str, needs: dict[str, Check], may: dict[str, Check], *rules: Check) -> Shape:
    several = {"max_selected_items": number(1, 100)} if kind.startswith("multi_") else {}
    return element(kind, needs, {"placeholder": plain(150)} | several | may, *rules)


def typed(kind: str, may: dict[str, Check], *rules: Check) -> Shape:
    common: dict[str, Check] = {"placeholder": plain(150), "dispatch_action_config": DISPATCH}
    return Shape(
        {"type": choice(kind)},
        {"action_id": ACTION_ID, "focus_on_load": truth, "initial_value": text(3000, 0)} | common | may,
        rules,
    )


STATIC: dict[str, Check] = {"options": many(option(), 100), "option_groups": many(GROUP, 100)}
STATIC_RULES = (one_of("options", "option_groups"), unique_values, known_initial)

PRESSED: dict[str, Shape] = {
    "button": element(
        "button",
        {"text": plain(75)},
        {
            "url": link(3000),
            "value": text(2000, 0),
            "style": choice("primary", "danger"),
            "accessibility_label": text(75),
        },
    ),
    "overflow": element("overflow", {"options": many(option(with_link=True), 5)}, {}, unique_values),
}
PICKED: dict[str, Shape] = {
    "static_select": menu("static_select", {}, STATIC | {"initial_option": anything}, *STATIC_RULES),
    "multi_static_select": menu(
        "multi_static_select", {}, STATIC | {"initial_options": many(anything, 100)}, *STATIC_RULES
    ),
    "users_select": menu("users_select", {}, {"initial_user": text(255)}),
    "multi_users_select": menu("multi_users_select", {}, {"initial_users": many(text(255), 100)}),
    "channels_select": menu("channels_select", {}, {"initial_channel": text(255), "response_url_enabled": truth}),
    "conversations_select": menu(
        "conversations_select",
        {},
        {
            "initial_conversation": text(255),
            "response_url_enabled": truth,
            "default_to_current_conversation": truth,
            "filter": a_dict,
        },
    ),
    "datepicker": menu("datepicker", {}, {"initial_date": text(10, 10)}),
    "timepicker": menu("timepicker", {}, {"initial_time": text(5, 5), "timezone": text(255)}),
    "datetimepicker": element("datetimepicker", {}, {"initial_date_time": number(10**9, 10**10 - 1)}),
    "radio_buttons": element(
        "radio_buttons",
        {"options": many(option(formatted=True), 10)},
        {"initial_option": anything},
        unique_values,
        known_initial,
    ),
    "checkboxes": element(
        "checkboxes",
        {"options": many(option(formatted=True), 10)},
        {"initial_options": many(anything, 10)},
        unique_values,
        known_initial,
    ),
}
TYPED: dict[str, Shape] = {
    "plain_text_input": typed(
        "plain_text_input",
        {"multiline": truth, "min_length": number(0, 3000), "max_length": number(1, 3000)},
        lengths_in_order,
    ),
    "email_text_input": typed("email_text_input", {}),
    "url_text_input": typed("url_text_input", {}),
    "number_input": Shape(
        {"type": choice("number_input"), "is_decimal_allowed": truth},
        {
            "action_id": ACTION_ID,
            "focus_on_load": truth,
            "initial_value": text(50),
            "min_value": text(50),
            "max_value": text(50),
            "placeholder": plain(150),
            "dispatch_action_config": DISPATCH,
        },
    ),
}

IN_ACTIONS = PRESSED | PICKED
IN_SECTION = PRESSED | PICKED | {"image": IMAGE}
IN_INPUT = PICKED | TYPED
INTERACTIVE = PRESSED | PICKED | TYPED
