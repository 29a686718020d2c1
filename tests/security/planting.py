"""Planted secrets: where they are put, what they look like, and in which forms they might come out again."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

# Every place that may hold a secret; other tests (bundles, logs) plant theirs in the same ones.
SLOTS = (
    "command",  # a variable under `secrets:` of a command step
    "deploy",  # the same of a deploy step
    "probe",  # the same of a command probe
    "service-url",  # the password in a service's address
    "metrics-url",  # the password in Prometheus' address
    "target-file",  # a value of the target's env file as it stands
    "digest-key",  # ROLLOUT_DIGEST_KEY
    "slack-token",  # SLACK_BOT_TOKEN
    "signing-secret",  # SLACK_SIGNING_SECRET
    "database-url",  # the password in DATABASE_URL
)
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def secret(random):
    """One secret of any of the kinds that people use: plain, with signs of every sort, long, or of other letters."""
    core = "".join(random.choices(LETTERS, k=random.choice((12, 20, 40))))
    return random.choice(
        (core, f"p@{core}/:%{core[:3]}?#", f"{core}\"'\\&<>", f"{core}-ß-é", f"{core} {core[:5]}", core * 3)
    )


def planted(random):
    """A secret of its own for every slot."""
    return {slot: secret(random) for slot in SLOTS}


def forms(text):
    """What would give it away, as bytes: as it is, quoted, escaped, encoded, and as a user's password."""
    whole = {text, quote(text, safe=""), quote_plus(text), quote(text), json.dumps(text)[1:-1], repr(text)[1:-1]}
    whole |= {text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), text.encode().hex()}
    whole |= {base64.b64encode(each.encode()).decode().rstrip("=") for each in (text, f"user:{text}")}
    return {each.encode() for each in whole}


def found(secrets, where):
    """Which slots' secrets stand in which of these bytes, by name."""
    return [
        (slot, name)
        for slot, text in secrets.items()
        for name, raw in where.items()
        if any(f in raw for f in forms(text))
    ]


def of_folder(folder: Path):
    """Every file below, the database with its log of writes among them."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
