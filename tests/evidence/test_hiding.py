"""No secret is in a bundle, wherever it was planted; what must not be changed is withheld."""

import hashlib
import json
import secrets
from dataclasses import replace

import pytest

from bot.domain.entries import Entry, Happened
from bot.domain.masking import MASK, masked_argv, named_secret, secrets_in
from bot.evidence.bundle import bundle
from bot.evidence.hiding import Hidden
from bot.evidence.verifying import unpacked, verify
from bot.plans.canonical import canonical, digest, plan_bytes
from bot.ports import Chained, Sample
from bot.reach.subprocesses import shown
from bot.rehearsal.archive import _records
from tests.evidence.conftest import WORKSPACE
from tests.evidence.forging import rows
from tests.storage.samples import NOW, PLAN, RESOLVED

ENV = "A=1\nCODEX_TOKEN={0}\nexport DB_PASSWORD='{1}'\nURL=https://bot:{2}@host/x\nPLAIN=disabled\n"


def planted():
    """Secrets, none ever the same; one for each place where one may be written."""
    return [f"s3cr3t-{number}-{secrets.token_hex(6)}" for number in range(30)]


def infested(values):
    """An archive's plan, phase and records with a secret in every slot that a person can write into."""
    give = iter(values).__next__
    argv = (
        "deploy",
        f"--token={give()}",
        "--password",
        give(),
        f"https://u:{give()}@h/",
        "-H",
        f"Authorization: Bearer {give()}",
    )
    body = {"api_key": give(), "password": give(), "note": f"see https://x.test/?access_token={give()}"}
    env = ENV.format(give(), give(), give())
    rung = {"off": {"steps": [{"kind": "flags", "sets": {"SMTP_PASSWORD": give(), "API_KEY": give()}}]}}
    shared = give()
    tree = json.loads(canonical(RESOLVED)) | {"files": {"a.env": f"{env}SHARED_SECRET={shared}\n"}, "rungs": rung}
    tree["targets"] = {"CODEX_URL": f"https://bot:{give()}@codex.test/"}
    tree["phase"]["steps"] = [{"argv": list(argv), "kind": "command", "env": {"GH_TOKEN": give()}}, {"body": body}]
    tree["phase"]["objective"] = f"a slip: {shared}"
    plan = json.loads(plan_bytes(PLAN)) | {"title": f"the same slip: {shared}", "rungs": rung}
    says = f"ended with exit code 1: login failed for {shared}"
    borne = f"curl said: Authorization: Bearer {give()}"
    slack = f"xoxb-{give()}-{give()}"
    return plan, tree, (says, borne, slack)


def sealed_with(archived, plan, tree, said):
    """A bundle of these, with a record and a sample for everything that was said."""
    raw = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
    name = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    entries = [
        Entry(Happened.ROLLOUT_OPENED, "U1", "", {}),
        Entry(Happened.PHASE_PROPOSED, "U1", "staging", {"digest": name}),
        *(Entry(Happened.STEP_FAILED, "clockwork", "staging", {"says": text}) for text in said),
        Entry(Happened.PHASE_HELD, "clockwork", "staging", {"reason": "a basic question; disabled"}),
    ]
    chain = (Chained(n, NOW, each, "") for n, each in enumerate(entries, 1))
    whole = replace(
        archived,
        plan=json.dumps(plan, sort_keys=True, separators=(",", ":")).encode(),
        copies={name: raw},
        records=tuple(_records("rollout/gitguard-1", chain)),
        samples=tuple(Sample("staging", 1, "g", NOW, "pass", json.dumps(text), 1, text, "", text) for text in said),
        told=(),
    )
    return bundle(whole, WORKSPACE), name


def test_no_planted_secret_is_in_the_bytes(archived, record_property):
    used, found = [], []
    for _ in range(3):
        values = planted()
        plan, tree, said = infested(values)
        used += [value for value in values if value in json.dumps([plan, tree, said])]
        made, name = sealed_with(archived, plan, tree, said)
        found += [value for value in used if value.encode() in made.raw]
        hidden = ["record 3", "record 4", "record 5", f"phases/{name[7:]}.masked.json"]
        assert verify(made.raw)["withheld"] == hidden
        assert "payload" in rows(unpacked(made.raw), "ledger.jsonl")[5]
    assert found == []
    assert len(used) >= 50
    record_property("figure", f"{len(used)} planted secrets, {len(found)} found in the bundle's bytes")


def test_nothing_of_the_real_plan_has_to_be_hidden(archived, sealed):
    assert sealed.withheld == ()
    trees = [json.loads(raw) for raw in (archived.plan, *archived.copies.values())]
    hidden = Hidden.of(trees)
    assert hidden.values == ()
    assert [hidden.masked(tree) for tree in trees] == trees


@pytest.mark.parametrize(
    ("argv", "masked"),
    [
        (("x", "--token=abc"), ("x", f"--token={MASK}")),
        (("x", "--password", "abc"), ("x", "--password", MASK)),
        (("x", "--api-key", "abc", "y"), ("x", "--api-key", MASK, "y")),
        (("x", "GH_TOKEN=abc"), ("x", f"GH_TOKEN={MASK}")),
        (("x", "https://bot:abc@host/"), ("x", f"https://{MASK}@host/")),
        (("x", "--token-file", "/run/secrets/t"), ("x", "--token-file", MASK)),
        (("docker", "compose", "-f", "a.yml"), ("docker", "compose", "-f", "a.yml")),
        (("x", "--token", "--other"), ("x", "--token", "--other")),
        (("x", "--token=${GH_TOKEN}"), ("x", "--token=${GH_TOKEN}")),
    ],
)
def test_arguments_are_shown_without_what_looks_secret(argv, masked):
    assert masked_argv(argv) == masked


def test_a_command_is_shown_without_its_options_secrets():
    assert shown(("deploy", "--token", "hunter2hunter2", "up")) == f"deploy --token {MASK} up"


@pytest.mark.parametrize(
    "text",
    [
        "the basic question of authentication",
        "postgresql+psycopg://codex_canary:${CODEX_CANARY_DB_PASSWORD}@localhost:5432/codex_canary",
        "mail me@example.test",
        "sum(rate(codex_docs_generated_total[1h]))",
        "https://host:8080/path?page=2",
    ],
)
def test_ordinary_text_is_no_secret(text):
    assert list(secrets_in(text)) == []


def test_an_hmac_and_a_name_to_be_filled_in_are_shown():
    assert not named_secret("DB_PASSWORD", "hmac-sha256:" + "ab" * 32)
    assert not named_secret("DB_PASSWORD", "${DB_PASSWORD}")
    assert not named_secret("DB_PASSWORD", "")
    assert named_secret("DB_PASSWORD", "x")


def test_a_masked_phase_names_the_digest_that_was_approved(archived):
    copy = replace(RESOLVED, files={"a.env": "API_TOKEN=abcdef-1234-ghi\nB=2\n"})
    entry = Entry(Happened.PHASE_PROPOSED, "U1", "staging", {"digest": digest(copy)})
    records = tuple(_records("rollout/gitguard-1", [Chained(1, NOW, entry, "")]))
    whole = replace(archived, copies={digest(copy): canonical(copy)}, records=records, samples=(), told=())
    files = unpacked(bundle(whole, "").raw)
    name = next(name for name in files if name.startswith("phases/"))
    assert name == f"phases/{digest(copy)[7:]}.masked.json"
    assert json.loads(files[name])["files"] == {"a.env": f"API_TOKEN={MASK}\nB=2\n"}
