"""What people do in the local Slack: type a command, press a button, write, submit or close a modal."""

from dataclasses import dataclass, field, replace

from sandbox.workspace.answers import show
from sandbox.workspace.delivery import Ack, Kind, Missed, Parcel
from sandbox.workspace.errors import ApiError
from sandbox.workspace.inputs import BadInput, Spot, chosen, missing, placed, spots, state_values
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.payloads import (
    Reply,
    message_click,
    slash_command,
    view_click,
    view_closed,
    view_submission,
)
from sandbox.workspace.shown import message_json
from sandbox.workspace.state import BOT_USER, TEAM_ID, Channel, JsonObject, Message, Person, UserGroup, View
from sandbox.workspace.typed import encode

Given = dict[tuple[str, str], object]


class ActRefused(Exception):  # noqa: N818 - the client would not let the person do it
    def __init__(self, error: str, detail: str, status: int = 404) -> None:
        super().__init__(detail)
        self.error, self.detail, self.status = error, detail, status


@dataclass
class Acts:
    local: LocalSlack
    touched: dict[tuple[str, str], Given] = field(default_factory=dict)

    async def command(self, person: Person, channel: Channel, command: str, text: str) -> JsonObject:
        name = command if command.startswith("/") else f"/{command}"
        grants = self.local.grants
        refuse_archived(channel)
        if name not in grants.commands or "commands" not in grants.scopes:
            raise ActRefused("unknown_command", f"{name} is not a command of any app here")
        typed = encode(self.local.memory, text, labelled=True) if grants.commands[name] else text
        reply = self._reply(person, channel)
        payload = slash_command(person, channel, name, typed.strip(), reply)
        answer = await self.local.courier.ask(Parcel(Kind.COMMAND, payload, accepts_response=True))
        if isinstance(answer, Missed):
            return missed(answer)
        if isinstance(answer.payload, dict) and answer.payload:
            try:
                show(self.local, channel, person.id, answer.payload)
            except ApiError as refusal:
                return {"ok": False, "error": "invalid_response", "detail": refusal.body()}
        return acked(answer)

    async def click_message(
        self, person: Person, channel: Channel, message: Message, spot: Spot, value: object
    ) -> JsonObject:
        action = self._act(spot, value)
        key = (person.id, message.ts)
        values = state_values(message_blocks(message), self._touch(key, spot, value))
        source = self.local.response_urls.issue(
            channel.id, person.id, source_ts=message.ts, thread_ts=message.thread_ts
        )
        reply = Reply(self.local.triggers.issue(person.id), self._address(source))
        shown = message_json(self.local.memory, message, self.local.base_url)
        payload = message_click(person, channel, message, shown, action, values, reply)
        return await self._ask(payload)

    async def click_view(self, person: Person, view: View, spot: Spot, value: object) -> JsonObject:
        action = self._act(spot, value)
        values = state_values(view.body["blocks"], self._touch((person.id, view.id), spot, value))
        reply = Reply(self.local.triggers.issue(person.id))
        return await self._ask(view_click(person, view, action, values, reply))

    def say(self, person: Person, channel: Channel, text: str, thread_ts: str | None, *, mention: bool) -> Message:
        """Post a person's words; the app hears them where the bot is, and twice when it is mentioned."""
        memory = self.local.memory
        refuse_archived(channel)
        if thread_ts and memory.message(channel, thread_ts) is None:
            raise ActRefused("unknown_message", f"there is no message {thread_ts} in #{channel.name}")
        words = encode(memory, text, labelled=False)
        message = memory.post(channel, person.id, f"<@{BOT_USER}> {words}" if mention else words, thread_ts=thread_ts)
        if f"<@{BOT_USER}>" in message.text and memory.is_member(channel):
            event = message_json(memory, message, self.local.base_url) | {"type": "app_mention"}
            self.local.tell("app_mention", event | {"channel": channel.id, "event_ts": message.ts})
        self.local.tell_message(channel, message)
        return message

    async def submit(self, person: Person, view: View, values: JsonObject) -> JsonObject:
        blocks = view.body["blocks"]
        if "submit" not in view.body:
            raise ActRefused("not_submittable", "this view has no submit button", 400)
        try:
            given = self.touched.get((person.id, view.id), {}) | placed(blocks, values)
            state = state_values(blocks, given)
        except BadInput as flaw:
            raise ActRefused("invalid_value", str(flaw), 400) from flaw
        wrong = missing(blocks, state)
        if wrong:
            raise ActRefused("invalid_value", "; ".join(wrong), 400)
        payload = view_submission(person, view, state, self.local.triggers.issue(person.id))
        answer = await self.local.courier.ask(Parcel(Kind.INTERACTIVE, payload, accepts_response=True))
        if isinstance(answer, Missed):
            return missed(answer)
        return self._after_submission(view, answer)

    async def close(self, person: Person, view: View) -> JsonObject:
        views = self.local.views
        cleared = bool(view.body.get("clear_on_close"))
        leaving = views.stack(person.id) if cleared else [view]
        if cleared:
            views.clear(person.id)
        else:
            views.close(view)
        result: JsonObject = {"ok": True, "ack_ms": None}
        for one in leaving:
            self.touched.pop((person.id, one.id), None)
            if one.body.get("notify_on_close"):
                result = await self._ask(view_closed(person, one, cleared=cleared))
        return result

    def open_home(self, person: Person) -> None:
        memory = self.local.memory
        event = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": memory.im_with(person).id,
            "tab": "home",
            "event_ts": memory.next_ts(),
        }
        self.local.tell("app_home_opened", event)

    def archive(self, channel: Channel, *, archived: bool) -> None:
        """Close a channel to everything new, or open it again; what was said stays to be read."""
        channel.is_archived = archived
        self.local.changes.bump()
        kind = "channel_archive" if archived else "channel_unarchive"
        self.local.tell(kind, {"type": kind, "channel": channel.id, "event_ts": self.local.memory.next_ts()})

    def remove_bot(self, channel: Channel) -> None:
        """Take the bot out of a channel, as anybody in it may."""
        channel.members.discard(BOT_USER)
        self.local.changes.bump()
        event = {"type": "channel_left", "channel": channel.id, "event_ts": self.local.memory.next_ts()}
        self.local.tell("channel_left", event)

    def invite_bot(self, channel: Channel) -> None:
        channel.members.add(BOT_USER)
        self.local.changes.bump()

    def regroup(self, group: UserGroup, members: tuple[str, ...]) -> None:
        memory, seconds = self.local.memory, self.local.memory.seconds()
        memory.groups[group.id] = replace(group, members=members)
        self.local.changes.bump()
        added = [name for name in members if name not in group.members]
        removed = [name for name in group.members if name not in members]
        event = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": TEAM_ID,
            "date_update": seconds,
            "added_users": added,
            "added_users_count": len(added),
            "removed_users": removed,
            "removed_users_count": len(removed),
            "event_ts": memory.next_ts(),
        }
        self.local.tell("subteam_members_changed", event)

    def _after_submission(self, view: View, answer: Ack) -> JsonObject:
        response = answer.payload if isinstance(answer.payload, dict) else {}
        action = response.get("response_action")
        result: JsonObject = {"ok": True, "ack_ms": answer.ms, "response_action": action, "errors": None}
        try:
            if action == "errors":
                result["errors"] = known_errors(view, response.get("errors"))
            else:
                self._move(view, action, response.get("view"))
        except ApiError as refusal:
            return {"ok": False, "error": "invalid_response", "detail": refusal.body()}
        return result

    def _move(self, view: View, action: object, following: object) -> None:
        views = self.local.views
        if action == "update":
            views.update(view, following, None)
        elif action == "push":
            views.push(view.user, following)
        elif action == "clear":
            views.clear(view.user)
        elif action is None:
            views.close(view)
        else:
            raise ApiError("invalid_arguments", [f"unknown response_action {action}"])

    async def _ask(self, payload: JsonObject) -> JsonObject:
        answer = await self.local.courier.ask(Parcel(Kind.INTERACTIVE, payload))
        return missed(answer) if isinstance(answer, Missed) else acked(answer)

    def _act(self, spot: Spot, value: object) -> JsonObject:
        element = spot.element
        action = {"block_id": spot.names[0], "action_id": spot.names[1], "type": element["type"]}
        if element["type"] in {"button", "icon_button"}:
            kept = ("text", "value", "style", "url", "confirm")
            action |= {name: element[name] for name in kept if name in element}
        else:
            try:
                action |= chosen(element, value)
            except BadInput as flaw:
                raise ActRefused("invalid_value", str(flaw), 400) from flaw
        return action | {"action_ts": self.local.memory.next_ts()}

    def _touch(self, key: tuple[str, str], spot: Spot, value: object) -> Given:
        given = self.touched.setdefault(key, {})
        if spot.element["type"] not in {"button", "icon_button", "overflow"}:
            given[spot.names] = value
        return given

    def _reply(self, person: Person, channel: Channel) -> Reply:
        source = self.local.response_urls.issue(channel.id, person.id)
        return Reply(self.local.triggers.issue(person.id), self._address(source))

    def _address(self, name: str) -> str:
        return f"{self.local.base_url}/respond/{name}"


def refuse_archived(channel: Channel) -> None:
    if channel.is_archived:
        raise ActRefused("is_archived", f"#{channel.name} is archived; nothing can be written there", 403)


def message_blocks(message: Message) -> list[JsonObject]:
    attached = [block for item in message.attachments for block in item.get("blocks", ())]
    return [*message.blocks, *attached]


def find_spot(blocks: list[JsonObject], action_id: str, block_id: str | None) -> Spot | None:
    """Return the element with these names; without a block the first with this action."""
    for spot in spots(blocks):
        if spot.names[1] == action_id and block_id in {None, spot.names[0]}:
            return spot
    return None


def known_errors(view: View, errors: object) -> JsonObject:
    """Return the errors if each stands beside an input of the view; Slack shows nothing otherwise."""
    names = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= names:
        raise ApiError("invalid_arguments", ["errors must name input blocks of the view"])
    return errors


def acked(answer: Ack) -> JsonObject:
    return {"ok": True, "ack_ms": round(answer.ms, 2), "response": answer.payload}


def missed(answer: Missed) -> JsonObject:
    return {"ok": False, "error": answer.value}
