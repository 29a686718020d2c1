"""Settings: what the environment says; what is missing stops the start, by name."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PLACEHOLDERS: Final = frozenset({"", "changeme", "xoxb-...", "xapp-...", "xoxb-your-token", "xapp-your-token"})


class SettingsFault(Exception):  # noqa: N818 - shown to the operator as it is
    """The environment is not fit for a start; the text names each variable and its remedy."""


class Settings(BaseSettings):
    """The bot's own settings. Variables of a plan's systems are read where the plan names them."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    slack_bot_token: SecretStr
    slack_app_token: SecretStr
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite+aiosqlite:///var/rollout.db"
    plans: Path = Field(default=Path("plans"), alias="ROLLOUT_PLANS")
    root: Path = Field(default=Path(), alias="ROLLOUT_ROOT")
    # The key under which secrets enter a digest: without a fixed one, approvals would not survive a restart.
    digest_key: SecretStr = Field(alias="ROLLOUT_DIGEST_KEY", min_length=16)
    executables: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("systemctl", "docker", "kubectl", "ssh"), alias="ROLLOUT_EXECUTABLES"
    )

    @field_validator("executables", mode="before")
    @classmethod
    def _split(cls, written: object) -> object:
        return tuple(filter(None, written.replace(" ", "").split(","))) if isinstance(written, str) else written

    clock_url: str = Field(default="", alias="ROLLOUT_CLOCK_URL")
    log_level: str = Field(default="info", alias="ROLLOUT_LOG_LEVEL")
    # For tests of crashes: the beat (and which of its occurrences) at which the process kills itself.
    kill_at: str = Field(default="", alias="ROLLOUT_KILL_AT")

    @classmethod
    def read(cls) -> "Settings":
        """The settings of this process; SettingsFault names every variable that is missing or unfit."""
        try:
            settings = cls()
        except ValidationError as wrong:
            raise SettingsFault("\n".join(_words(error) for error in wrong.errors())) from None
        for name in ("slack_bot_token", "slack_app_token"):
            if getattr(settings, name).get_secret_value().strip().lower() in PLACEHOLDERS:
                raise SettingsFault(f"{name.upper()} holds a placeholder; put the real token there.")
        return settings


def _words(error: object) -> str:
    named = error if isinstance(error, dict) else {}
    name = str((named.get("loc") or ("?",))[0]).upper()
    if named.get("type") == "missing":
        return f"{name} is not set; see the README, section Real Slack."
    return f"{name} is unfit: {named.get('msg')}."
