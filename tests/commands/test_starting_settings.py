"""Settings: what is missing or unfit stops the start, by its name and never by its value."""

import pytest

from bot.settings import Settings, SettingsFault

BOTH = {"SLACK_BOT_TOKEN": "xoxb-1-real", "ROLLOUT_DIGEST_KEY": "0123456789abcdef"}
SOCKET = BOTH | {"SLACK_APP_TOKEN": "xapp-1-real"}
SECRET = "8f742231b10e8888abcd99eeeaaa85a5"
HTTP = BOTH | {"ROLLOUT_HTTP_PORT": "0", "SLACK_SIGNING_SECRET": SECRET}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SOCKET, *HTTP, "SLACK_SIGNING_SECRET_OLD", "ROLLOUT_HEALTH_PORT"):
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings.read()


def test_each_mode_needs_its_own_and_not_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, SOCKET | {"ROLLOUT_HTTP_PORT": ""}).http_port is None


def test_http_needs_no_app_token(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, HTTP | {"SLACK_SIGNING_SECRET_OLD": SECRET[::-1]})
    assert settings.http_port == 0
    assert settings.http_host == "127.0.0.1"
    assert settings.signing_secrets == (SECRET.encode(), SECRET[::-1].encode())
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (BOTH, "SLACK_APP_TOKEN is not set"),
        (SOCKET | {"SLACK_APP_TOKEN": "xapp-..."}, "SLACK_APP_TOKEN holds a placeholder"),
        (BOTH | {"ROLLOUT_HTTP_PORT": "8080"}, "SLACK_SIGNING_SECRET is not set"),
        (HTTP | {"SLACK_SIGNING_SECRET": "your-signing-secret"}, "SLACK_SIGNING_SECRET holds a placeholder"),
        (HTTP | {"SLACK_SIGNING_SECRET": "changeme"}, "SLACK_SIGNING_SECRET holds a placeholder"),
        (HTTP | {"SLACK_SIGNING_SECRET": "0" * 32}, "SLACK_SIGNING_SECRET holds a placeholder"),
        (HTTP | {"SLACK_SIGNING_SECRET": SECRET[:15]}, "SLACK_SIGNING_SECRET is shorter than 16"),
        (HTTP | {"SLACK_SIGNING_SECRET_OLD": "short"}, "SLACK_SIGNING_SECRET_OLD is shorter than 16"),
        (HTTP | {"ROLLOUT_HTTP_PORT": "65536"}, "ROLLOUT_HTTP_PORT is unfit"),
        (HTTP | {"ROLLOUT_HTTP_PORT": "http"}, "ROLLOUT_HTTP_PORT is unfit"),
        (SOCKET | {"ROLLOUT_ALARM_MAIL_TO": "ops@example.org"}, "ROLLOUT_SMTP_URL is not set"),
        (SOCKET | {"ROLLOUT_SMTP_URL": "smtp://mail"}, "ROLLOUT_ALARM_MAIL_TO is not set"),
        (
            SOCKET | {"ROLLOUT_SMTP_URL": "mail", "ROLLOUT_ALARM_MAIL_TO": "o@example.org"},
            "ROLLOUT_SMTP_URL is no smtp:// or smtps://",
        ),
        (SOCKET | {"ROLLOUT_ALARM_WEBHOOK_URL": "file:///etc"}, "ROLLOUT_ALARM_WEBHOOK_URL is no http://"),
    ],
)
def test_what_is_unfit_stops_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsFault) as fault:
        read(monkeypatch, environment)
    assert named in str(fault.value)
    assert SECRET[:10] not in str(fault.value)
