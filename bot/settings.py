"""Settings: what the environment says; what is missing stops the start, by name."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.reach.guard import Guard

PLACEHOLDERS: Final = frozenset({"", "changeme", "xoxb-...", "xapp-...", "xoxb-your-token", "xapp-your-token"})
_UNREAL: Final = ("changeme", "change-me", "your-", "your_", "placeholder", "example", "...", "xxxx", "<")
# Slack's are 32 signs long; shorter than this one could be guessed.
_SHORTEST_SECRET: Final = 16
Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsFault(Exception):  # noqa: N818 - shown to the operator as it is
    """The environment is not fit for a start; the text names each variable and its remedy."""


class HostSettings(BaseSettings):
    """What every process on the host needs; the operator's commands need no more, so they work without Slack."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    database_url: str = "sqlite:///var/rollout.db"
    plans: Path = Field(default=Path("plans"), alias="ROLLOUT_PLANS")
    root: Path = Field(default=Path(), alias="ROLLOUT_ROOT")
    # The key under which secrets enter a digest: without a fixed one, approvals would not survive a restart.
    digest_key: SecretStr = Field(default=SecretStr(""), alias="ROLLOUT_DIGEST_KEY")
    executables: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("systemctl", "docker", "kubectl", "ssh"), alias="ROLLOUT_EXECUTABLES"
    )
    # Networks that are never reached unless named here, such as 169.254.0.0/16: see SECURITY.md.
    reach: Annotated[tuple[str, ...], NoDecode] = Field(default=(), alias="ROLLOUT_REACH")
    clock_url: str = Field(default="", alias="ROLLOUT_CLOCK_URL")
    # Where evidence is kept; unset, `artifacts` in the root.
    artifacts: Path | None = Field(default=None, alias="ROLLOUT_ARTIFACTS")
    log_level: str = Field(default="info", alias="ROLLOUT_LOG_LEVEL")
    log_format: Literal["text", "json"] = Field(default="text", alias="ROLLOUT_LOG_FORMAT")
    # For tests of crashes: the beat (and which of its occurrences) at which the process kills itself.
    kill_at: str = Field(default="", alias="ROLLOUT_KILL_AT")

    @field_validator("executables", "reach", mode="before")
    @classmethod
    def _split(cls, written: object) -> object:
        return tuple(filter(None, written.replace(" ", "").split(","))) if isinstance(written, str) else written

    @property
    def artifacts_folder(self) -> Path:
        return self.artifacts or self.root / "artifacts"

    @classmethod
    def read(cls) -> Self:
        """The settings of this process; SettingsFault names every variable that is missing or unfit."""
        try:
            settings = cls()
        except ValidationError as wrong:
            raise SettingsFault("\n".join(_words(error) for error in wrong.errors())) from None
        if faults := settings._faults():
            raise SettingsFault("\n".join(faults))
        return settings

    def _faults(self) -> list[str]:
        """What is unfit although each variable can be read; each by its name, none by a secret's value."""
        faults = [f"ROLLOUT_DIGEST_KEY {fault}" for fault in _unfit_key(self.digest_key.get_secret_value())]
        try:
            Guard.of(self.reach)
        except ValueError as why:
            faults.append(f"ROLLOUT_REACH is unfit: {why}.")
        return faults


class Settings(HostSettings):
    """The bot's own settings. Variables of a plan's systems are read where the plan names them."""

    # What is missing is found in `_faults`, so that everything is named at once.
    slack_bot_token: SecretStr = SecretStr("")
    # For Socket Mode; the signing secrets are for HTTP, the old one while a new one takes its place.
    slack_app_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_signing_secret_old: SecretStr = SecretStr("")
    # Set, Slack posts signed requests to this port (0 takes any free one); unset, the bot opens a socket to Slack.
    http_port: Port | None = Field(default=None, alias="ROLLOUT_HTTP_PORT")
    http_host: str = Field(default="127.0.0.1", alias="ROLLOUT_HTTP_HOST")
    # /healthz and /readyz in Socket Mode; in HTTP mode they are on the HTTP port.
    health_port: Port | None = Field(default=None, alias="ROLLOUT_HEALTH_PORT")
    # /metrics for Prometheus, on the loopback address.
    metrics_port: Port | None = Field(default=None, alias="ROLLOUT_METRICS_PORT")
    slack_api_url: str = "https://slack.com/api/"

    @field_validator("http_port", "health_port", "metrics_port", mode="before")
    @classmethod
    def _unset(cls, written: object) -> object:
        return None if written == "" else written

    # Whom to tell of a trouble that Slack cannot tell of; each is optional.
    alarm_mail_to: str = Field(default="", alias="ROLLOUT_ALARM_MAIL_TO")
    alarm_mail_from: str = Field(default="", alias="ROLLOUT_ALARM_MAIL_FROM")
    smtp_url: SecretStr = Field(default=SecretStr(""), alias="ROLLOUT_SMTP_URL")
    alarm_webhook_url: SecretStr = Field(default=SecretStr(""), alias="ROLLOUT_ALARM_WEBHOOK_URL")

    @property
    def signing_secrets(self) -> tuple[bytes, ...]:
        """The secrets under which a request may be signed, the newest first."""
        given = (self.slack_signing_secret, self.slack_signing_secret_old)
        return tuple(each.get_secret_value().strip().encode() for each in given if each.get_secret_value().strip())

    def _faults(self) -> list[str]:
        """What is unfit for the mode that is chosen; each by its name, none by its value."""
        by_http = self.http_port is not None
        needed = ("slack_bot_token", "slack_signing_secret" if by_http else "slack_app_token")
        faults = [
            f"{name.upper()} {_lacking(value)}"
            for name in needed
            if (value := self._secret(name)).lower() in PLACEHOLDERS
        ]
        faults += [*super()._faults(), *_alarm_faults(self)]
        secrets = [name for name in ("slack_signing_secret", "slack_signing_secret_old") if by_http]
        return faults + [
            f"{name.upper()} {fault}"
            for name in secrets
            if (value := self._secret(name)).lower() not in PLACEHOLDERS and (fault := _unfit_secret(value))
        ]

    def _secret(self, name: str) -> str:
        held: SecretStr = getattr(self, name)
        return held.get_secret_value().strip()


def _alarm_faults(settings: Settings) -> list[str]:
    mail, hook = settings.smtp_url.get_secret_value(), settings.alarm_webhook_url.get_secret_value()
    faults = []
    if mail and not mail.startswith(("smtp://", "smtps://")):
        faults.append("ROLLOUT_SMTP_URL is no smtp:// or smtps:// address.")
    if bool(settings.alarm_mail_to) != bool(mail):
        missing = "ROLLOUT_SMTP_URL" if settings.alarm_mail_to else "ROLLOUT_ALARM_MAIL_TO"
        faults.append(f"{missing} is not set; mail needs both an address and a server.")
    if any(sign in settings.alarm_mail_to + settings.alarm_mail_from for sign in "\r\n"):
        faults.append("ROLLOUT_ALARM_MAIL_TO or ROLLOUT_ALARM_MAIL_FROM holds more than a line.")
    if hook and not hook.startswith(("http://", "https://")):
        faults.append("ROLLOUT_ALARM_WEBHOOK_URL is no http:// or https:// address.")
    return faults


def _lacking(value: str) -> str:
    if value:
        return "holds a placeholder; put the real one there."
    return "is not set; see the README, section Real Slack."


def _unfit_key(value: str) -> list[str]:
    if not value:
        return [_lacking(value)]
    short = f"is shorter than {_SHORTEST_SECRET} signs; `rollout init` makes a good one."
    return [short] if len(value) < _SHORTEST_SECRET else []


def _unfit_secret(value: str) -> str | None:
    if any(sign in value.lower() for sign in _UNREAL) or len(set(value)) == 1:
        return "holds a placeholder; put the app's own from Basic Information there."
    if len(value) < _SHORTEST_SECRET:
        return f"is shorter than {_SHORTEST_SECRET} signs; put the app's own from Basic Information there."
    return None


def _words(error: object) -> str:
    named = error if isinstance(error, dict) else {}
    name = str((named.get("loc") or ("?",))[0]).upper()
    if named.get("type") == "missing":
        return f"{name} is not set; see the README, section Real Slack."
    return f"{name} is unfit: {named.get('msg')}."


# What no command of a plan may ever be given: every secret of the bot's own, by the name of its variable.
OWN_SECRETS: Final = frozenset(
    {(field.alias or name).upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    | {"DATABASE_URL"}
)
