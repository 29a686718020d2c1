"""A bundle is the same bytes for the same state, and a stranger can read and check it."""

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.domain.posts import Place
from bot.evidence import verifying
from bot.evidence.bundle import bundle
from bot.evidence.verifying import unpacked, verify
from bot.ports import Sample, Told
from tests.evidence.conftest import ROOT, WORKSPACE, archive_of
from tests.evidence.forging import rows

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:alert(1)>&amp;<!-- ]]>"
ALONE = (
    "import asyncio, pathlib, hashlib\n"
    "from tests.evidence.conftest import ROOT, WORKSPACE, archive_of\n"
    "from bot.evidence.bundle import bundle\n"
    "from bot.plans.loader import load\n"
    "plan = load(ROOT / 'plans' / 'gitguard.yml', ROOT)\n"
    "print(bundle(asyncio.run(archive_of(plan)), WORKSPACE).sha256)\n"
)


def stranger(script, *words):
    """The system's own Python, without the environment, the folder and the packages of anybody."""
    argv = [sys._base_executable, "-I", "-S", "-B", str(script), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env={}, cwd="/")


def test_the_same_state_gives_the_same_bytes(archived, sealed):
    assert bundle(archived, WORKSPACE).raw == sealed.raw


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_another_process_makes_the_same_bytes(sealed, seed):
    env = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LANG": "C"}
    made = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=60, env=env, cwd="/")
    assert made.stdout.strip() == sealed.sha256, made.stderr


async def test_an_order_of_reading_changes_nothing(archived, sealed):
    other = replace(archived, told=archived.told[::-1], copies=dict(reversed(archived.copies.items())))
    assert bundle(other, WORKSPACE).raw == sealed.raw


async def test_the_bundle_says_all_that_the_archive_holds(archived, sealed):
    files = unpacked(sealed.raw)
    assert [row["payload"].encode() for row in rows(files, "ledger.jsonl")] == [
        each.payload for each in archived.records
    ]
    assert [row["hash"] for row in rows(files, "ledger.jsonl")] == [each.hash for each in archived.records]
    assert files["plan.json"] == archived.plan
    for digest, raw in archived.copies.items():
        assert files[f"phases/{digest.removeprefix('sha256:')}.json"] == raw
    assert len(rows(files, "samples.jsonl")) == len(archived.samples)
    assert len(rows(files, "messages.jsonl")) == len(archived.told)
    assert sealed.head == archived.records[-1].hash
    assert sealed.withheld == ()


def test_who_was_in_the_guild_is_told_of_the_click_and_of_the_start(sealed):
    first, second, *_ = rows(unpacked(sealed.raw), "approvals.jsonl")
    assert first["members"] == ["U-RUNNER", "U-devops-0"]
    assert (first["ended"], second["ended"]) == ("withdrawn", "used")
    used = [row for row in rows(unpacked(sealed.raw), "approvals.jsonl") if row["ended"] == "used"]
    assert len(used) == 4
    assert all(row["person"] in row["members_at_start"] for row in used)


def test_what_ran_is_told_with_arguments_exit_code_and_hashes_of_the_output(sealed):
    ran = [each for row in rows(unpacked(sealed.raw), "commands.jsonl") for each in row["commands"]]
    assert ["docker", "compose", "-f", "ops/compose.codex.yml", "up", "-d", "guard-codex"] in [
        each["argv"] for each in ran
    ]
    assert all(each["exit"] == 0 and len(each["stdout_sha256"]) == 64 for each in ran)


def test_a_permalink_leads_into_the_thread(sealed):
    table = rows(unpacked(sealed.raw), "messages.jsonl")
    card = next(row for row in table if row["place"] == "card")
    said = next(row for row in table if row["place"] == "thread")
    place = f"{WORKSPACE}archives/C0ROLLOUT/p"
    assert card["permalink"] == place + card["ts"].replace(".", "")
    assert said["permalink"] == f"{place}{said['ts'].replace('.', '')}?thread_ts={card['ts']}&cid=C0ROLLOUT"


@pytest.mark.parametrize("workspace", ["", "javascript:alert(1)//", 'https://x.test/"><script>/', "ftp://x/"])
def test_without_a_workspace_that_can_be_linked_there_are_no_links(archived, workspace):
    files = unpacked(bundle(archived, workspace).raw)
    assert {row["permalink"] for row in rows(files, "messages.jsonl")} == {""}
    assert "javascript" not in files["report.html"].decode()


def test_what_was_said_to_one_person_stays_theirs(archived):
    told = Told("dm", "entry", Place.DIRECT.value, "staging", "D0SECRET", "1.5")
    made = bundle(replace(archived, told=(*archived.told, told)), WORKSPACE)
    assert b"D0SECRET" not in made.raw


def test_a_stranger_unzips_it_and_verifies_it_with_nothing_but_python(sealed, tmp_path):
    path = tmp_path / "gitguard-1.zip"
    path.write_bytes(sealed.raw)
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        file.extractall(tmp_path / "out")
    seen = stranger(tmp_path / "out" / "verify.py", path, "--head", sealed.head)
    assert seen.returncode == 0, seen.stderr
    assert "SOUND. gitguard-1: 77 records" in seen.stdout
    assert "record 77, the newest" in seen.stdout
    assert "signature not checked" in seen.stdout
    assert sealed.sha256 in seen.stdout
    assert stranger(tmp_path / "out" / "verify.py", path, "--head", "ab" * 32).returncode == 1
    assert stranger(tmp_path / "out" / "verify.py", tmp_path / "none.zip").returncode == 2
    assert stranger(tmp_path / "out" / "verify.py").returncode == 2


def test_the_verifier_imports_the_standard_library_alone():
    tree = ast.parse(Path(verifying.__file__).read_text(encoding="utf-8"))
    named = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


class Reader(HTMLParser):
    """Notes every tag, every attribute and every link of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in {"href", "src"}]


def test_the_report_runs_nothing_and_loads_nothing(archived):
    hostile = Sample(
        "staging", 9, HOSTILE, archived.samples[0].at, "pass", json.dumps(HOSTILE), 1, HOSTILE, "", HOSTILE
    )
    plan = replace(archived.snapshot.plan, title=HOSTILE)
    snapshot = replace(archived.snapshot, plan=plan)
    made = unpacked_unchecked(replace(archived, snapshot=snapshot, samples=(*archived.samples, hostile)))
    reader = Reader()
    reader.feed(made["report.html"].decode())
    assert reader.tags.isdisjoint({"script", "img", "iframe", "object", "form", "base", "svg"})
    assert not {name for name in reader.attributes if name.startswith("on")}
    assert all(link.startswith((f"{WORKSPACE}archives/", "#")) for link in reader.links)
    assert "&lt;script&gt;alert(1)" in made["report.html"].decode()
    assert (
        "default-src &#x27;none&#x27;" in made["report.html"].decode()
        or "default-src 'none'" in made["report.html"].decode()
    )


def unpacked_unchecked(archived):
    """The files alone: a sample that no record tells of is no sound bundle."""
    from bot.evidence.bundle import _files

    return _files(archived, archived.snapshot.rollout.name, WORKSPACE)


def test_an_archive_whose_chain_does_not_hold_is_not_sealed(archived):
    broken = replace(archived.records[3], payload=archived.records[3].payload.replace(b"staging", b"stag1ng"))
    with pytest.raises(verifying.Bad, match="does not have this hash") as bad:
        bundle(replace(archived, records=(*archived.records[:3], broken, *archived.records[4:])), WORKSPACE)
    assert bad.value.sequence == 4
    text = replace(archived.records[3], payload=b"\xff\xfe")
    with pytest.raises(verifying.Bad, match="does not have this hash"):
        bundle(replace(archived, records=(*archived.records[:3], text, *archived.records[4:])), WORKSPACE)


async def test_a_rollout_that_was_only_opened_can_be_sealed(archived):
    bare = replace(archived, records=archived.records[:1], samples=(), told=(), copies={})
    assert verify(bundle(bare, "").raw)["records"] == 1


async def test_the_manifest_names_every_other_file(sealed):
    files = unpacked(sealed.raw)
    listed = json.loads(files["manifest.json"])["files"]
    assert listed.keys() == files.keys() - {"manifest.json"}
    assert all(mark["sha256"] == hashlib.sha256(files[name]).hexdigest() for name, mark in listed.items())


async def test_a_second_play_has_the_same_evidence(plan, sealed):
    assert bundle(await archive_of(plan), WORKSPACE).sha256 == sealed.sha256
