"""What an app answers without a token: acknowledgements that carry a message, and response URLs."""

import json
from collections.abc import Mapping

from aiohttp import web

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.content import Content, read_content
from sandbox.workspace.errors import ApiError
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.response_urls import ResponseUrl
from sandbox.workspace.state import BOT_USER, Channel, Message, Ts


def show(
    local: LocalSlack, channel: Channel, user: str, answer: Mapping[str, object], thread: str | None = None
) -> Message:
    """Place the answer: for this person only, unless it says `in_channel`; raise when Slack would refuse it."""
    args = Arguments(answer)
    content = read_content(args)
    visible = args.maybe("response_type") == "in_channel"
    message = local.memory.post(
        channel,
        BOT_USER,
        content.text or "",
        content.blocks or (),
        attachments=content.attachments or (),
        thread_ts=args.maybe("thread_ts") or thread,
        only_for=None if visible else user,
    )
    if visible:
        local.tell_message(channel, message)
    return message


class ResponseDoor:
    def __init__(self, local: LocalSlack) -> None:
        self._local = local

    async def serve(self, request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        if not isinstance(body, dict):
            return web.Response(status=400, text="invalid_payload")
        try:
            # Looked at before it is counted: what Slack refuses to show does not use an answer up.
            content = None if body.get("delete_original") is True else read_content(Arguments(body))
            self._answer(self._local.response_urls.use(request.match_info["name"]), body, content)
        except ApiError as refusal:
            if refusal.status == 404:
                return web.json_response(refusal.body(), status=404)
            return web.Response(status=400, text=refusal.error)
        return web.Response(text="ok")

    def _answer(self, address: ResponseUrl, body: dict[str, object], content: Content | None) -> None:
        memory = self._local.memory
        channel = memory.channels[address.channel]
        source = Ts(address.source_ts or "")
        original = memory.ephemerals.get(source) or channel.messages.get(source)
        if content is None:
            if original is not None:
                self._remove(channel, original)
        elif body.get("replace_original") is True and original is not None:
            original.text = content.text or ""
            original.blocks, original.attachments = content.blocks or [], content.attachments or []
            original.edited = memory.next_ts() if original.only_for is None else None
            self._local.changes.bump()
        else:
            show(self._local, channel, address.user, body)

    def _remove(self, channel: Channel, original: Message) -> None:
        if original.only_for is None:
            self._local.memory.delete(channel, original)
        else:
            del self._local.memory.ephemerals[original.ts]
            self._local.changes.bump()
