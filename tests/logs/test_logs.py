"""What the bot writes to its log: about what, in which form, and never a secret."""

import io
import json
import logging
import secrets
import subprocess
import sys

import pytest
import structlog
from pydantic import BaseModel, SecretStr
from structlog.contextvars import bound_contextvars

from bot.logs import Redaction, log_to_stderr, secrets_of
from tests.house.source import ROOT

TOKEN = "xoxb-" + "1234567890-abcdefghijkl"  # two parts, so that no scanner takes it for real
APP = "xapp-" + "1-A012345-987654-feedfacefeedface"
SIGNING = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
DIGEST = 'a "quoted" kéy\nover two lines'
PASSWORD = "p@ss:w0rd/of.the#database"
PLANTED = (TOKEN, APP, SIGNING, DIGEST, PASSWORD)


class Sample(BaseModel):
    slack_bot_token: SecretStr = SecretStr(TOKEN)
    slack_app_token: SecretStr = SecretStr(APP)
    digest_key: SecretStr = SecretStr(DIGEST)
    database_url: str = f"postgresql+psycopg://bot:{PASSWORD.replace('/', '%2F')}@db.internal/rollout"


ENVIRON = {"SLACK_SIGNING_SECRET": SIGNING, "GRAPH_API_TOKEN": "graph-token-of-the-target", "HOME": "/home/bot"}
KNOWN = (*secrets_of(Sample(), ENVIRON), PASSWORD)


@pytest.fixture(params=["text", "json"])
def written(request):
    """The log of one style as a file, and back to silence afterwards."""
    out = io.StringIO()
    log_to_stderr("debug", style=request.param, secrets=KNOWN, stream=out)
    yield out
    structlog.reset_defaults()
    sys.excepthook = sys.__excepthook__
    logging.basicConfig(level=logging.WARNING, force=True)


def test_a_line_says_what_it_is_about(written):
    log = structlog.get_logger()
    with bound_contextvars(rollout="gitguard-3", phase="canary", actor="U1"):
        with bound_contextvars(phase="staging"):
            log.info("acted", step="flags")
        log.info("said")
    log.info("idle")
    first, second, third = written.getvalue().splitlines()
    if first.startswith("{"):
        assert json.loads(first)["phase"] == "staging"
        told = json.loads(second)
        assert (told["rollout"], told["phase"], told["actor"], told["event"]) == ("gitguard-3", "canary", "U1", "said")
        assert "rollout" not in json.loads(third)
    else:
        assert "rollout='gitguard-3' phase='staging' actor='U1'" in first
        assert "phase='canary'" in second
        assert "rollout" not in third


def test_every_json_line_is_an_object_also_those_of_the_libraries():
    out = io.StringIO()
    log_to_stderr("info", style="json", secrets=KNOWN, stream=out)
    structlog.get_logger().info("ours", many={"a": {1, 2}, "b": object()})
    logging.getLogger("aiohttp.client").warning("theirs %s", TOKEN)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"].split()[0] for line in lines] == ["ours", "theirs"]
    assert lines[1]["logger"] == "aiohttp.client"
    assert all(line["level"] and line["timestamp"] for line in lines)


def _spill(log, secret):
    """Say a secret in every way in which a line can come to hold one."""
    log.warning(f"failed with {secret}")  # noqa: G004 - the careless way is what is tested
    log.warning("failed", url=f"https://x:{secret}@slack.com/?token={secret}")
    log.warning("failed", headers={"Authorization": f"Bearer {secret}", secret: "as a key"})
    log.warning("failed", deep=[{"body": ({secret}, secret.encode())}])
    log.warning("failed", sample=Spoken(secret))
    try:
        _deeper(secret)
    except ValueError:
        log.exception("broke")
        logging.getLogger("slack_bolt.AsyncApp").exception("broke with %s", secret)
    logging.getLogger("aiohttp").error("theirs: %r", {"token": secret})


class Spoken:
    def __init__(self, secret):
        self.secret = secret

    def __repr__(self):
        return f"Spoken({self.secret!r})"


def _deeper(secret):
    try:
        raise KeyError(secret)  # noqa: TRY301 - two links of a chain
    except KeyError as why:
        raise ValueError(f"{secret} is refused") from why


@pytest.mark.parametrize("secret", PLANTED, ids=["bot token", "app token", "signing secret", "digest key", "password"])
def test_no_planted_secret_is_in_the_log(written, secret):
    _spill(structlog.get_logger(), secret)
    log = written.getvalue()
    assert log.count("broke") >= 2
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    assert not [form for form in forms if form in log]


CRASHING = """
from bot.logs import log_to_stderr
log_to_stderr("info", style="json", secrets=["correct horse battery"])
raise ValueError("refused: correct horse battery")
"""


def test_what_ends_the_process_is_logged_without_secrets():
    ended = subprocess.run([sys.executable, "-c", CRASHING], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    told = json.loads(ended.stderr)
    assert told["event"] == "crashed"
    assert "ValueError: refused: …" in told["exception"]
    assert "horse" not in ended.stderr


def test_what_looks_like_a_token_is_masked_although_nobody_named_it():
    strange = "xoxe.xoxp-1-" + secrets.token_urlsafe(24)
    masked = Redaction().text(f"token={strange}; Authorization: Basic {secrets.token_urlsafe(20)}, xapp-1-A1-2-3 end")
    assert strange[12:] not in masked
    assert masked == "token=xoxe.xoxp-…; Authorization: Basic …, xapp-… end"


def test_what_stands_under_a_secrets_name_is_masked_whole():
    assert Redaction().value({"client_secret": "abc", "password": "", "phase": "canary"}) == {
        "client_secret": "…",
        "password": "",
        "phase": "canary",
    }


def test_words_of_ordinary_lines_stay_as_they_are():
    line = "gitguard-3/canary/1/back/0: sha256:9f86d081884c, bearer of news, 12:30:05 http://127.0.0.1:8002/health"
    assert Redaction.of(["a", "codex"]).text(line) == line
