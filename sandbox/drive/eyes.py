"""What a person sees: people, channels, messages, ephemerals, views, and when something changed."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.drive.bodies import DriveRefused, number, read_query, waiting
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.shown import file_json
from sandbox.workspace.state import Channel, JsonObject, Message, Person, Ts, View


@dataclass(frozen=True)
class Eyes:
    local: LocalSlack

    async def people(self, request: web.Request) -> JsonObject:
        read_query(request)
        shown = [
            {
                "id": person.id,
                "name": person.name,
                "real_name": person.real_name,
                "guilds": self.local.memory.guilds(person),
                "role": person.role,
            }
            for person in self.local.memory.people.values()
            if not person.is_bot
        ]
        return {"ok": True, "people": shown}

    async def channels(self, request: web.Request) -> JsonObject:
        read_query(request)
        memory = self.local.memory
        shown = [
            {
                "id": channel.id,
                "name": channel.name,
                "is_member": memory.is_member(channel),
                "topic": channel.topic,
                "is_im": channel.is_im,
                "members": sorted(channel.members),
            }
            for channel in memory.channels.values()
        ]
        return {"ok": True, "channels": shown}

    async def messages(self, request: web.Request) -> JsonObject:
        query = read_query(request, "channel", "thread_ts", "since")
        channel = self.local.memory.channel(query.get("channel", ""))
        if channel is None:
            raise DriveRefused("unknown_channel", f"there is no channel {query.get('channel')}", 404)
        since = number(query, "since", 0.0)
        found = self._thread(channel, query["thread_ts"]) if "thread_ts" in query else channel.top_level()
        shown = [self._message(channel, message) for message in found if float(message.ts) > since]
        return {"ok": True, "messages": shown}

    async def ephemerals(self, request: web.Request) -> JsonObject:
        person = self._person(request)
        shown = [
            {
                "ts": message.ts,
                "channel": message.channel,
                "user": person.id,
                "text": message.text,
                "blocks": message.blocks,
            }
            | ({"thread_ts": message.thread_ts} if message.thread_ts else {})
            for message in self.local.memory.ephemerals.values()
            if message.only_for == person.id
        ]
        return {"ok": True, "ephemerals": shown}

    async def views(self, request: web.Request) -> JsonObject:
        person, views = self._person(request), self.local.views
        home = views.homes.get(person.id)
        found = ([views.known[home]] if home else []) + views.stack(person.id)
        return {"ok": True, "views": [view_row(view) for view in found]}

    async def changes(self, request: web.Request) -> JsonObject:
        query = read_query(request, "after", "wait")
        changes = self.local.changes
        after = int(number(query, "after", 0))
        await self.local.until_closing(changes.wait_beyond(after, waiting(query)))
        return {"ok": True, "serial": changes.serial}

    def _person(self, request: web.Request) -> Person:
        query = read_query(request, "user")
        found = self.local.memory.person(query.get("user", ""))
        if found is None:
            raise DriveRefused("unknown_user", f"there is nobody called {query.get('user')}", 404)
        return found

    def _thread(self, channel: Channel, thread_ts: str) -> list[Message]:
        parent = channel.messages.get(Ts(thread_ts))
        if parent is None:
            raise DriveRefused("unknown_message", f"there is no message {thread_ts}", 404)
        return [parent, *channel.replies(parent.ts)]

    def _message(self, channel: Channel, message: Message) -> JsonObject:
        writer = self.local.memory.people[message.user]
        shown: JsonObject = {
            "ts": message.ts,
            "user": message.user,
            "username": writer.name,
            "text": message.text,
            "blocks": message.blocks,
            "edited": message.edited is not None,
            "reply_count": len(channel.replies(message.ts)),
            "pinned": message.ts in channel.pins,
        }
        files = [file_json(self.local.memory.files[name], self.local.base_url) for name in message.files]
        present = {
            "thread_ts": message.thread_ts,
            "metadata": message.metadata,
            "attachments": message.attachments,
            "files": files,
            "reactions": message.reactions,
            "deleted": message.deleted,
        }
        return shown | {name: value for name, value in present.items() if value}


def view_row(view: View) -> JsonObject:
    return {
        "id": view.id,
        "hash": view.hash,
        "callback_id": view.body.get("callback_id", ""),
        "type": view.kind,
        "view": view.body,
    }
