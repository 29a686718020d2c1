"""The app's manifest asks for what the code uses, and for nothing else."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from slack_sdk.web.async_client import AsyncWebClient

from bot.rehearsal.clock import RehearsalClock
from bot.views.buttons import BUTTONS
from commands.door import open_door
from commands.verbs import PRESSES, VERBS

ROOT = Path(__file__).resolve().parents[2]
MANIFEST: dict[str, Any] = YAML(typ="safe").load((ROOT / "app-manifest.yml").read_text(encoding="utf-8"))
# What Slack's method pages say that each method needs; a public and a private channel have a scope of their own.
SCOPES = {
    "auth_test": set(),
    "apps_connections_open": set(),  # the app token's own scope
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "conversations_members": {"channels:read", "groups:read"},
    "conversations_replies": {"channels:history", "groups:history"},
    "files_upload_v2": {"files:write"},
    "pins_add": {"pins:write"},
    "pins_list": {"pins:read"},
    "pins_remove": {"pins:write"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_conversations": {"channels:read", "groups:read"},
    "users_info": {"users:read"},
    "users_list": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
    "views_update": set(),
}
EVENTS = {"app_mention": {"app_mentions:read"}, "app_home_opened": set()}


class Recorder:
    """An app that notes what is registered with it."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.events: list[str] = []

    def command(self, name: str) -> Callable[[Any], Any]:
        self.commands.append(name)
        return lambda listener: listener

    def event(self, name: str) -> Callable[[Any], Any]:
        self.events.append(name)
        return lambda listener: listener

    def action(self, _pattern: object) -> Callable[[Any], Any]:
        return lambda listener: listener

    view = action


class Nowhere:
    """An office of which only the clock and the shelf are asked for when the door is made."""

    clock = RehearsalClock()
    directory = None

    class shelf:  # noqa: N801 - stands where an object does
        plans = staticmethod(lambda: ())


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for room in ("bot", "commands"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a method that the Web API client has, wherever it is made."""
    known = {name for name in vars(AsyncWebClient) if not name.startswith("_")}
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in known:
                    yield node.func.attr, node
                elif node.func.attr == "api_call" and node.args and isinstance(node.args[0], ast.Constant):
                    yield str(node.args[0].value).replace(".", "_"), node


def with_metadata(call: ast.Call) -> bool:
    """Whether it reads the messages' metadata, which has a scope of its own."""
    return any(each.arg == "include_all_metadata" for each in call.keywords)


@pytest.fixture
def recorder() -> Recorder:
    office: Any = Nowhere()
    recorder = Recorder()
    app: Any = recorder
    open_door(app, office, AsyncWebClient())
    return recorder


def test_the_scopes_are_those_that_the_calls_and_listeners_need(recorder: Recorder) -> None:
    used = {name for name, _ in calls()}
    assert used
    assert used <= SCOPES.keys(), "say in the table which scope the method needs"
    needed = set().union(*(SCOPES[name] for name in used))
    needed |= {"metadata.message:read" for _, call in calls() if with_metadata(call)}
    needed |= set().union(*(EVENTS[name] for name in recorder.events)) | ({"commands"} if recorder.commands else set())
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


def test_the_commands_and_events_are_those_that_have_a_listener(recorder: Recorder) -> None:
    declared = MANIFEST["features"]["slash_commands"]
    assert [each["command"] for each in declared] == recorder.commands
    assert all(each["should_escape"] for each in declared)
    assert MANIFEST["settings"]["event_subscriptions"]["bot_events"] == recorder.events
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert MANIFEST["settings"]["socket_mode_enabled"] is True


def test_listeners_are_registered_in_the_door_alone() -> None:
    registering = {"command", "event", "action", "view", "shortcut", "message", "options", "function"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in registering
    }
    assert found == {"commands/door.py"}


def test_the_usage_hint_names_every_verb() -> None:
    hint = MANIFEST["features"]["slash_commands"][0]["usage_hint"]
    assert sorted(hint.split(" | ")) == sorted(VERBS)
    assert len(hint) <= 1000


def test_every_verb_has_a_help_line_a_usage_and_a_right() -> None:
    for name, verb in VERBS.items():
        assert verb.right is not None
        assert verb.help, name
        assert verb.usage.split()[0] == name


def test_every_button_has_something_that_it_does_and_a_right() -> None:
    assert PRESSES.keys() == BUTTONS.keys()
    assert all(press.right is not None for press in PRESSES.values())


def test_the_manifest_is_within_slacks_limits() -> None:
    shown = MANIFEST["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(MANIFEST["features"]["bot_user"]["display_name"]) <= 80
    for each in MANIFEST["features"]["slash_commands"]:
        assert 2 <= len(each["command"]) <= 32
        assert len(each["description"]) <= 2000
