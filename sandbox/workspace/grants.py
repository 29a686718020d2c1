"""What the app was granted at installation: scopes, commands and events, from its manifest when there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

MANIFEST = Path(__file__).resolve().parents[2] / "app-manifest.yml"
SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "metadata.message:read",
        "pins:read",
        "pins:write",
        "usergroups:read",
        "users:read",
    }
)
EVENTS = frozenset({"app_mention", "message.channels", "message.groups", "message.im", "app_home_opened"})


@dataclass(frozen=True)
class Grants:
    """`commands` maps a slash command to whether mentions in its text arrive escaped."""

    scopes: frozenset[str] = SCOPES
    events: frozenset[str] = EVENTS
    commands: Mapping[str, bool] = field(default_factory=lambda: {"/rollout": True})


def grants_of(manifest: Path = MANIFEST) -> Grants:
    """Read the manifest; without one, the built-in grants hold."""
    if not manifest.exists():
        return Grants()
    content: dict[str, Any] = YAML(typ="safe").load(manifest.read_text(encoding="utf-8")) or {}
    features, settings = content.get("features") or {}, content.get("settings") or {}
    oauth = content.get("oauth_config") or {}
    return Grants(
        scopes=frozenset((oauth.get("scopes") or {}).get("bot") or ()),
        events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or ()),
        commands={
            str(row["command"]): bool(row.get("should_escape", False)) for row in features.get("slash_commands") or ()
        },
    )
