"""Open views: each person's stack of at most three modals, and his home tab."""

import secrets
from dataclasses import dataclass, field

from sandbox.workspace.blockkit.views import check_view, too_large
from sandbox.workspace.changes import Changes
from sandbox.workspace.errors import ApiError
from sandbox.workspace.memory import fill_ids
from sandbox.workspace.state import APP_ID, BOT_ID, TEAM_ID, JsonObject, View

DEEPEST = 3


@dataclass
class Views:
    changes: Changes
    known: dict[str, View] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)

    def stack(self, user: str) -> list[View]:
        return [self.known[name] for name in self.stacks.get(user, [])]

    def open(self, user: str, view: object) -> View:
        """Show a modal; one that was open before gives way to it."""
        body = checked(view, "modal")
        self._refuse_doubled(body)
        self.clear(user)
        return self._place(user, body, None)

    def push(self, user: str, view: object) -> View:
        stack = self.stack(user)
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= DEEPEST:
            raise ApiError("push_limit_reached")
        body = checked(view, "modal")
        self._refuse_doubled(body)
        return self._place(user, body, stack[-1])

    def update(self, old: View, view: object, expected: str | None) -> View:
        body = checked(view, old.kind)
        if expected is not None and expected != old.hash:
            raise ApiError("hash_conflict")
        if body.get("external_id") != old.body.get("external_id"):
            self._refuse_doubled(body)
        old.body, old.hash = body, new_hash()
        self.changes.bump()
        return old

    def publish(self, user: str, view: object, expected: str | None) -> View:
        name = self.homes.get(user)
        if name is not None:
            return self.update(self.known[name], view, expected)
        body = checked(view, "home")
        home = View(new_id(), "home", user, body, new_hash(), "")
        home.root = home.id
        self.known[home.id], self.homes[user] = home, home.id
        self.changes.bump()
        return home

    def find(self, view_id: str | None, external_id: str | None) -> View:
        for view in self.known.values():
            if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
                return view
        raise ApiError("not_found")

    def close(self, view: View) -> None:
        """Take the view from its stack, with what lies above it."""
        names = self.stacks.get(view.user, [])
        for name in names[names.index(view.id) :] if view.id in names else []:
            names.remove(name)
            del self.known[name]
        self.changes.bump()

    def clear(self, user: str) -> None:
        for name in self.stacks.pop(user, []):
            del self.known[name]
        self.changes.bump()

    def _refuse_doubled(self, body: JsonObject) -> None:
        external = body.get("external_id")
        if external and any(view.body.get("external_id") == external for view in self.known.values()):
            raise ApiError("duplicate_external_id")

    def _place(self, user: str, body: JsonObject, below: View | None) -> View:
        name = new_id()
        view = View(name, "modal", user, body, new_hash(), below.root if below else name, below.id if below else None)
        self.known[name] = view
        self.stacks.setdefault(user, []).append(name)
        self.changes.bump()
        return view


def checked(view: object, kind: str) -> JsonObject:
    """Return the view with its ids filled in, or raise what Slack says about it."""
    if not isinstance(view, dict):
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: view"])
    wrong = check_view(view, kind)
    if wrong:
        raise ApiError("invalid_arguments", wrong)
    if too_large(view):
        raise ApiError("view_too_large")
    return view | {"blocks": fill_ids(view["blocks"])}


def view_json(view: View, values: JsonObject | None = None) -> JsonObject:
    """Write the view as the API and the payloads do; `values` is what the person typed so far."""
    body = view.body
    return {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": view.kind,
        "title": body.get("title"),
        "submit": body.get("submit"),
        "close": body.get("close"),
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "external_id": body.get("external_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "previous_view_id": view.previous,
        "root_view_id": view.root,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def new_id() -> str:
    return "V" + secrets.token_hex(5).upper()


def new_hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"
