"""Slack's noes: a Web API call that is refused, with the fields that Slack sends along."""

from collections.abc import Mapping, Sequence


class ApiError(Exception):
    """Becomes `{"ok": false, "error": …}`; `messages` stand under `response_metadata`."""

    def __init__(
        self,
        error: str,
        messages: Sequence[str] = (),
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **fields: object,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.headers = dict(headers or {})
        self.fields = fields | ({"response_metadata": {"messages": list(messages)}} if messages else {})

    def body(self) -> dict[str, object]:
        return {"ok": False, "error": self.error, **self.fields}
