"""The arguments of a Web API call, form or JSON, read with Slack's complaints about them."""

import json
from collections.abc import Mapping

from sandbox.workspace.errors import ApiError


class Arguments:
    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def maybe(self, name: str) -> str | None:
        value = self._given.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return str(value)
        raise ApiError("invalid_arguments", [f"[ERROR] must be a string [json-pointer:/{name}]"])

    def text(self, name: str) -> str:
        value = self.maybe(name)
        if not value:
            raise ApiError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._given.get(name)
        if value is None:
            return default
        return str(value).lower() in {"1", "true", "t"}

    def number(self, name: str, default: int, most: int) -> int:
        value = self.maybe(name)
        if value is None or value == "":
            return default
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise ApiError("invalid_limit" if name == "limit" else "invalid_arguments")
        return int(value)

    def json_value(self, name: str, error: str) -> object:
        """Return the argument parsed from JSON when it is text, as it stands when the body was JSON."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as flaw:
            raise ApiError(error) from flaw

    def names(self, name: str) -> list[str]:
        """Return a comma-separated list, or a JSON list, of ids."""
        value = self._given.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in (self.maybe(name) or "").split(",") if item.strip()]
