"""Slack's own client, for which an answer that is no JSON object is an error of Slack's, and no bug of ours."""

from typing import Any

from aiohttp import ClientPayloadError, ClientResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


class SlackClient(AsyncWebClient):
    """Repeats nothing by itself: a repeat would post twice, and the outbox knows better when to try again.

    A proxy before Slack answers with a page or with a line of text, where the library would break while it builds
    its own error: such an answer counts as an empty one, which names no error and is never a success.
    """

    def __init__(self, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url, retry_handlers=[])

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        try:
            told: dict[str, Any] = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        except SlackApiError as no:
            if not isinstance(no.response, ClientResponse):
                raise
            return {"data": {}, "headers": no.response.headers, "status_code": no.response.status}
        except ValueError as no:
            raise ClientPayloadError("Slack's answer cannot be read") from no
        return told if isinstance(told["data"], dict) else {**told, "data": {}}
