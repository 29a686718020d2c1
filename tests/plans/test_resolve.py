"""Resolving and the digest: it covers every byte that will be executed, and nothing of another phase."""

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.quantities import Quantity, Span
from bot.plans.canonical import form, span_text
from bot.plans.loader import load_text
from bot.plans.resolve import Unresolved, canonical, digest, plan_bytes, resolve, revive, revive_plan

KEY = b"a key of the bot"
SMALL = """\
plan: small
title: Small
channel: "#small"
guilds: {devops: {usergroup: devops}}
run_by: devops
systems:
  app:
    kind: service
    url_env: APP_URL
    env_file_env: APP_ENV
    restart: [tools/restart.sh, app]
    reports: {kind: http, system: app, get: /env, reads: json, path: "@"}
    runs: {kind: http, system: app, get: /version, reads: text}
phases:
  - phase: one
    title: One
    objective: o
    approvals: {quorum: {devops: 1}}
    env: one.env
    steps:
      - {kind: flags, system: app}
      - kind: deploy
        system: app
        argv: [docker, compose, --file=ops/compose.yml, up]
        version: "2"
        version_env: TAG
        secrets: [REGISTRY_TOKEN]
    gates:
      - gate: g
        title: G
        probe: {kind: command, argv: [/absolute/tool, --check]}
        equals: 0
    rollback: [back]
  - phase: two
    title: Two
    objective: o
    approvals: {quorum: {devops: 1}}
    env: two.env
rungs:
  back:
    title: Back
    steps: [{kind: flags, system: app, env: base.env}]
"""
FILES = ("one.env", "base.env", "ops/compose.yml", "tools/restart.sh")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*FILES, "two.env", "tool"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("A=1\n")
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    return {"APP_URL": "http://user:pass@app:80/x", "APP_ENV": "/srv/app.env", "REGISTRY_TOKEN": "geheim"}


@pytest.fixture
def small(folder: Path) -> Plan:
    return load_text(SMALL.replace("/absolute/tool", str(folder / "tool")), "small.yml")


def taken(plan: Plan, folder: Path, environment: dict[str, str], key: bytes = KEY) -> ResolvedPhase:
    return resolve(plan, "one", root=folder, environ=environment, key=key)


@pytest.mark.parametrize("name", [*FILES, "tool"])
@pytest.mark.parametrize(
    "change", [lambda raw: raw + b" ", lambda raw: raw.replace(b"1", b"2"), lambda raw: b"A=1\r\n"]
)
def test_a_byte_of_a_file_changes_the_digest(name, change, small, folder, environment):
    before = digest(taken(small, folder, environment))
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    assert digest(taken(small, folder, environment)) != before


@pytest.mark.parametrize("name", ["APP_URL", "APP_ENV", "REGISTRY_TOKEN"])
def test_a_target_or_a_secret_changes_the_digest(name, small, folder, environment):
    before = digest(taken(small, folder, environment))
    assert digest(taken(small, folder, environment | {name: environment[name] + "x"})) != before


def test_the_password_of_a_target_is_covered_and_never_kept(small, folder, environment):
    resolved = taken(small, folder, environment)
    other = taken(small, folder, environment | {"APP_URL": "http://user:other@app:80/x"})
    assert resolved.targets == other.targets == {"APP_URL": "http://app:80/x", "APP_ENV": "/srv/app.env"}
    assert digest(resolved) != digest(other)
    assert not any(word in canonical(resolved) for word in (b"pass@", b"user:", b"geheim"))
    assert set(resolved.secrets) == {"REGISTRY_TOKEN", "APP_URL"}


def test_a_secret_is_sealed_under_the_bots_key(small, folder, environment):
    one, other = taken(small, folder, environment), taken(small, folder, environment, b"another key")
    assert one.secrets["REGISTRY_TOKEN"] != other.secrets["REGISTRY_TOKEN"]
    assert one.secrets["REGISTRY_TOKEN"].startswith("hmac-sha256:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: One", "title: Ono"),
        ('version: "2"', 'version: "3"'),
        ("compose.yml, up]", "compose.yml, up, -d]"),
        ("equals: 0", "equals: 1"),
        ("gate: g\n", "gate: g\n        waivable: true\n"),
        ("title: Back", "title: Bakk"),
        ("quorum: {devops: 1}}\n    env: one", "quorum: {devops: 2}}\n    env: one"),
        ("usergroup: devops", "usergroup: ops"),
        ("get: /version", "get: /v"),
        ("rollback: [back]\n", "rollback: [back]\n    soak: {at_least: 1h, at_most: 2h}\n"),
    ],
)
def test_an_edit_of_this_phase_changes_the_digest(old, new, small, folder, environment):
    assert SMALL.count(old) == 1
    edited = load_text(SMALL.replace(old, new).replace("/absolute/tool", str(folder / "tool")), "small.yml")
    assert digest(taken(edited, folder, environment)) != digest(taken(small, folder, environment))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Two", "title: Second"),
        ("env: two.env", "repos: {key: R, all: true}"),
        ("rungs:\n", "    rollback: [other]\nrungs:\n  other: {title: Other, steps: [], verify: []}\n"),
        (
            "    env: two.env\n",
            "    gates: [{gate: h, title: H, probe: {kind: http, system: site, get: /}, equals: 200}]\n",
        ),
    ],
)
def test_an_edit_of_another_phase_does_not(old, new, small, folder, environment):
    assert SMALL.count(old) == 1
    text = SMALL.replace(old, new).replace("/absolute/tool", str(folder / "tool"))
    if "system: site" in new:
        text = text.replace("systems:\n", "systems:\n  site: {kind: service, url_env: SITE_URL}\n")
    before = digest(taken(small, folder, environment))
    (folder / "two.env").write_text("B=2\n")
    assert digest(taken(load_text(text, "small.yml"), folder, environment)) == before


def test_the_order_in_which_keys_were_written_does_not_matter(small, folder, environment):
    text = SMALL.replace("    title: One\n    objective: o\n", "    objective: o\n    title: One\n")
    swapped = load_text(text.replace("/absolute/tool", str(folder / "tool")), "small.yml")
    assert digest(taken(swapped, folder, environment)) == digest(taken(small, folder, environment))


def test_everything_that_is_missing_is_told_at_once(small, folder):
    (folder / "one.env").unlink()
    (folder / "base.env").write_text("A=1\nA=2\n")
    with pytest.raises(Unresolved) as refused:
        taken(small, folder, {})
    assert refused.value.missing == (
        "the env file base.env cannot be read: line 2: the key A is given twice",
        "the env file one.env cannot be read: No such file or directory",
        "the variable APP_URL is not set (the system 'app' needs it)",
        "the variable APP_ENV is not set (the system 'app' needs it)",
        "the variable REGISTRY_TOKEN is not set ('docker compose' needs it)",
    )


def test_an_unknown_phase_is_unresolved(small, folder, environment):
    with pytest.raises(Unresolved, match="has no phase 'three'"):
        resolve(small, "three", root=folder, environ=environment, key=KEY)


def test_an_env_file_that_leads_outside_is_refused(small, folder, environment):
    (folder / "one.env").unlink()
    (folder / "one.env").symlink_to("/etc/hostname")
    with pytest.raises(Unresolved, match=r"one\.env lies outside of the repository"):
        taken(small, folder, environment)


def test_a_digest_is_a_named_sha256(small, folder, environment):
    assert digest(taken(small, folder, environment)).startswith("sha256:")
    assert len(digest(taken(small, folder, environment))) == 71


def test_every_phase_of_the_shipped_plan_survives_the_way_through_bytes(gitguard, root, environ):
    for phase in gitguard.phases:
        resolved = resolve(gitguard, phase.name, root=root, environ=environ, key=KEY)
        assert revive(canonical(resolved)) == resolved
        assert canonical(revive(canonical(resolved))) == canonical(resolved)
    assert revive_plan(plan_bytes(gitguard)) == gitguard


def test_every_byte_of_the_canary_env_file_counts(gitguard, root, environ, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "rollout" / "canary.env"
    raw = path.read_bytes()
    seen = {digest(resolve(gitguard, "canary", root=root, environ=environ, key=KEY))}
    spots = range(0, len(raw), 40)
    for spot in spots:
        letter = b"y" if raw[spot : spot + 1] == b"x" else b"x"
        path.write_bytes(raw[:spot] + letter + raw[spot + 1 :])
        try:
            seen.add(digest(resolve(gitguard, "canary", root=tmp_path, environ=environ, key=KEY)))
        except Unresolved:  # the letter took the place of a `=` or `#`: such a file is not approved at all
            seen.add(str(spot))
    assert len(seen) == len(spots) + 1


SPANS = st.integers(0, 10**13).map(lambda many: Span(microseconds=many))
UNITS = st.sampled_from(["", "%", "ms", "s", "m", "h", "d", "B"])
NUMBERS = st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=3)


@given(SPANS)
def test_a_span_is_written_to_the_microsecond(span: Span):
    assert Span.parse(span_text(span)) == span
    assert span_text(timedelta(seconds=span.total_seconds())) == span_text(span)


@given(NUMBERS.map(lambda number: Decimal(int(number)) if number % 1 == 0 else number), UNITS)
def test_a_quantity_is_written_exactly(number: Decimal, unit: str):
    quantity = Quantity(Decimal(int(number)), unit) if unit == "B" else Quantity(number, unit)
    assert Quantity.parse(str(form(quantity))) == quantity


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), SPANS)
def test_any_text_survives_the_way_through_bytes(text: str, files: dict[str, str], span: Span):
    plan = load_text(SMALL, "small.yml")
    phase = replace(plan.phases[0], title=text, approvals=replace(plan.phases[0].approvals, expires=span))
    resolved = ResolvedPhase("p", text, "devops", plan.guilds, plan.systems, phase, plan.rungs, files=files)
    assert revive(canonical(resolved)) == resolved


def test_what_has_no_canonical_form_is_a_bug_and_not_a_guess():
    with pytest.raises(TypeError, match="float has no canonical form"):
        form(0.5)
