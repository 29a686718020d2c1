"""The manifest of the Slack app: as it stands, turned to signed HTTP, or as an address that makes the app."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

MANIFEST: Final = Path(__file__).resolve().parents[2] / "app-manifest.yml"
CREATE: Final = "https://api.slack.com/apps?new_app=1&manifest_yaml="
PATH: Final = "/slack/events"


class BadAddress(Exception):  # noqa: N818 - what it is
    """Slack could not reach the bot at this address; the text says why."""


def written(http: str = "", path: Path = MANIFEST) -> str:
    """The manifest's text; with `http`, the bot's address as Slack sees it, turned to signed HTTP."""
    text = path.read_text(encoding="utf-8")
    if not http:
        return text
    address, content = request_url(http), _read(text)
    settings = content["settings"]
    settings["socket_mode_enabled"] = False
    settings["interactivity"]["request_url"] = address
    settings["event_subscriptions"]["request_url"] = address
    for command in content["features"]["slash_commands"]:
        command["url"] = address
    return _dumped(content)


def link_to(text: str) -> str:
    """The address that opens Slack's page for a new app, filled in with this manifest."""
    return CREATE + quote(_dumped(_read(text)), safe="")


def request_url(given: str) -> str:
    """Where Slack sends everything: the one path behind the given address. Raises BadAddress."""
    parts = urlsplit(given)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise BadAddress(f"'{given}' is not an address for Slack; write it as https://host, with or without a path")
    return given.rstrip("/") if parts.path.rstrip("/") else f"{given.rstrip('/')}{PATH}"


def scopes_of(text: str) -> frozenset[str]:
    """The scopes that the bot asks for."""
    return frozenset(map(str, _read(text)["oauth_config"]["scopes"]["bot"]))


def _read(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML

    content: dict[str, Any] = YAML(typ="safe").load(text)
    return content


def _dumped(content: dict[str, Any]) -> str:
    """YAML without comments, in the order of the file, which Slack's page shows as it is."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel types it by its default
    yaml.width = 10_000
    out = StringIO()
    yaml.dump(content, out)
    return out.getvalue()
