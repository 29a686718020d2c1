"""What a person does: commands, clicks, words, modals."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.drive.bodies import MAYBE_FLAG, MAYBE_TEXT, OBJECT, TEXT, DriveRefused, Key, read_body
from sandbox.workspace.acts import Acts, find_spot, message_blocks
from sandbox.workspace.inputs import Spot
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.state import Channel, JsonObject, Message, Person, View

SAID = {"user": TEXT, "channel": TEXT, "thread_ts": MAYBE_TEXT, "text": TEXT}
CLICKED = {
    "user": TEXT,
    "channel": MAYBE_TEXT,
    "ts": MAYBE_TEXT,
    "view_id": MAYBE_TEXT,
    "action_id": TEXT,
    "block_id": MAYBE_TEXT,
    "value": Key((str, int, list), required=False),
    "ignore_confirm": MAYBE_FLAG,
}


@dataclass(frozen=True)
class Hands:
    local: LocalSlack
    acts: Acts

    async def command(self, request: web.Request) -> JsonObject:
        body = await read_body(request, {"user": TEXT, "channel": TEXT, "command": TEXT, "text": MAYBE_TEXT})
        person, channel = self.inside(body)
        return await self.acts.command(person, channel, body["command"], body.get("text", ""))

    async def click(self, request: web.Request) -> JsonObject:
        body = await read_body(request, CLICKED)
        if "view_id" in body:
            view = self.view(body)
            spot = wanted(view.body["blocks"], body)
            asked = dialog(spot, body)
            return asked or await self.acts.click_view(self.person(body), view, spot, body.get("value"))
        person, channel = self.inside(body)
        message = self.message(person, channel, body.get("ts", ""))
        spot = wanted(message_blocks(message), body)
        asked = dialog(spot, body)
        return asked or await self.acts.click_message(person, channel, message, spot, body.get("value"))

    async def mention(self, request: web.Request) -> JsonObject:
        return await self._say(request, mention=True)

    async def message_sent(self, request: web.Request) -> JsonObject:
        return await self._say(request, mention=False)

    async def _say(self, request: web.Request, *, mention: bool) -> JsonObject:
        body = await read_body(request, SAID)
        person, channel = self.inside(body)
        said = self.acts.say(person, channel, body["text"], body.get("thread_ts"), mention=mention)
        return {"ok": True, "channel": channel.id, "ts": said.ts}

    async def delete(self, request: web.Request) -> JsonObject:
        """Delete any message, as an owner of the workspace may."""
        body = await read_body(request, {"user": TEXT, "channel": TEXT, "ts": TEXT})
        _, channel = self.inside(body)
        message = self.local.memory.message(channel, body["ts"])
        if message is None:
            raise DriveRefused("unknown_message", f"there is no message {body['ts']}", 404)
        self.local.tell_changed(channel, message, "message_deleted")
        self.local.memory.delete(channel, message)
        return {"ok": True}

    async def submit(self, request: web.Request) -> JsonObject:
        body = await read_body(request, {"user": TEXT, "view_id": TEXT, "values": OBJECT})
        return await self.acts.submit(self.person(body), self.modal(body), body["values"])

    async def close(self, request: web.Request) -> JsonObject:
        body = await read_body(request, {"user": TEXT, "view_id": TEXT})
        return await self.acts.close(self.person(body), self.modal(body))

    async def home(self, request: web.Request) -> JsonObject:
        body = await read_body(request, {"user": TEXT})
        self.acts.open_home(self.person(body))
        return {"ok": True}

    async def archive(self, request: web.Request) -> JsonObject:
        """Archive a channel; `archived: false` opens it again."""
        body = await read_body(request, {"channel": TEXT, "archived": MAYBE_FLAG})
        channel = self.channel(body)
        self.acts.archive(channel, archived=body.get("archived", True))
        return {"ok": True, "channel": channel.id, "archived": channel.is_archived}

    async def kick(self, request: web.Request) -> JsonObject:
        """Remove the bot from a channel."""
        channel = self.channel(await read_body(request, {"channel": TEXT}))
        self.acts.remove_bot(channel)
        return {"ok": True, "channel": channel.id}

    async def invite(self, request: web.Request) -> JsonObject:
        """Bring the bot into a channel."""
        channel = self.channel(await read_body(request, {"channel": TEXT}))
        self.acts.invite_bot(channel)
        return {"ok": True, "channel": channel.id}

    async def group(self, request: web.Request) -> JsonObject:
        """Give a user group exactly these members, as its owner may at any time."""
        body = await read_body(request, {"group": TEXT, "members": Key((list,))})
        named = body["group"].removeprefix("@")
        groups = self.local.memory.groups.values()
        group = next((group for group in groups if named in {group.id, group.handle}), None)
        if group is None:
            raise DriveRefused("unknown_group", f"there is no user group {named}", 404)
        members = [self.person({"user": str(name)}).id for name in body["members"]]
        self.acts.regroup(group, tuple(dict.fromkeys(members)))
        return {"ok": True, "group": group.handle, "members": members}

    def person(self, body: JsonObject) -> Person:
        found = self.local.memory.person(body["user"])
        if found is None or found.is_bot:
            raise DriveRefused("unknown_user", f"there is nobody called {body['user']}", 404)
        return found

    def inside(self, body: JsonObject) -> tuple[Person, Channel]:
        """Return the person and the channel; who is not in it cannot act in it."""
        person, channel = self.person(body), self.channel(body)
        if person.id not in channel.members:
            raise DriveRefused("not_in_channel", f"{person.name} is not in #{channel.name}", 403)
        return person, channel

    def channel(self, body: JsonObject) -> Channel:
        found = self.local.memory.channel(body.get("channel", ""))
        if found is None:
            raise DriveRefused("unknown_channel", f"there is no channel {body.get('channel')}", 404)
        return found

    def message(self, person: Person, channel: Channel, ts: str) -> Message:
        found = self.local.memory.seen(channel, ts, person)
        if found is None:
            raise DriveRefused("unknown_message", f"{person.name} sees no message {ts} there", 404)
        return found

    def view(self, body: JsonObject) -> View:
        found = self.local.views.known.get(body["view_id"])
        if found is None or found.user != self.person(body).id:
            raise DriveRefused("unknown_view", f"{body['user']} has no view {body['view_id']} open", 404)
        return found

    def modal(self, body: JsonObject) -> View:
        view = self.view(body)
        if view.kind != "modal":
            raise DriveRefused("unknown_view", "a home tab is neither submitted nor closed", 404)
        return view


def wanted(blocks: list[JsonObject], body: JsonObject) -> Spot:
    spot = find_spot(blocks, body["action_id"], body.get("block_id"))
    if spot is None:
        raise DriveRefused("unknown_action", f"there is no element {body['action_id']} to use", 404)
    return spot


def dialog(spot: Spot, body: JsonObject) -> JsonObject | None:
    """With `ignore_confirm: false` the confirm dialog is shown and left unanswered; nothing is sent."""
    if body.get("ignore_confirm", True) or "confirm" not in spot.element:
        return None
    return {"ok": False, "error": "confirm_shown", "confirm": spot.element["confirm"]}
