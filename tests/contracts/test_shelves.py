"""What every PlanShelf promises, from memory and from disk."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.plans.canonical import digest
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import PlanShelf, Unresolvable
from bot.rehearsal.shelf import RehearsalShelf
from tests.storage.samples import PLAN

WRITTEN = """\
plan: gitguard
title: GitGuard
channel: "#gitguard-rollout"
guilds: {devops: {members: [U01ABCDEF]}}
run_by: devops
systems:
  codex:
    kind: service
    url_env: CODEX_URL
    env_file_env: CODEX_ENV_FILE
    restart: [systemctl, restart, codex]
    reports: {kind: http, system: codex, get: /env, reads: json, path: env}
phases:
  - phase: staging
    title: Staging
    objective: see it run
    env: staging.env
    approvals: {quorum: {devops: 1}}
    soak: {at_least: 1h, at_most: 2h}
    steps: [{kind: flags, system: codex}]
    gates:
      - {gate: up, title: Up, probe: {kind: http, system: codex, get: /health}, equals: 200}
rungs: {}
"""


class Shelves:
    """A shelf whose env file can be written and lost."""

    def __init__(self, kind: str, root: Path) -> None:
        self.kind, self.root = kind, root
        (root / "gitguard.yml").write_text(WRITTEN)
        (root / "staging.env").write_text("A=1\n")
        phase = replace(PLAN.phases[0], env="staging.env", rollback=())
        self.twin = RehearsalShelf([replace(PLAN, phases=(phase,))], {"staging.env": "A=1\n"}, digest=digest)
        environ = {"CODEX_URL": "http://127.0.0.1:1", "CODEX_ENV_FILE": str(root / "codex.env")}
        disk = DiskShelf(PlanLibrary(root, root, environ, b"key"))
        self.shelf: PlanShelf = self.twin if kind == "twin" else disk

    def write(self, text: str) -> None:
        self.twin.files["staging.env"] = text
        (self.root / "staging.env").write_text(text)

    def lose(self) -> None:
        self.twin.broken["staging"] = "the env file staging.env cannot be read: No such file or directory"
        (self.root / "staging.env").unlink()


@pytest.fixture(params=["twin", "disk"])
def shelves(request: Any, tmp_path: Path) -> Shelves:
    return Shelves(request.param, tmp_path)


def test_a_plan_is_found_and_its_phase_resolved_with_its_files(shelves: Shelves) -> None:
    (plan,) = shelves.shelf.plans()
    copy, found = shelves.shelf.resolve(plan, "staging")
    assert (plan.name, copy.plan, copy.phase.name) == ("gitguard", "gitguard", "staging")
    assert copy.files == {"staging.env": "A=1\n"}
    assert found == digest(copy)


def test_the_digest_follows_the_bytes(shelves: Shelves) -> None:
    (plan,) = shelves.shelf.plans()
    before = shelves.shelf.resolve(plan, "staging")
    assert shelves.shelf.resolve(plan, "staging") == before
    shelves.write("A=2\n")
    assert shelves.shelf.resolve(plan, "staging")[1] != before[1]
    shelves.write("A=1\n")
    assert shelves.shelf.resolve(plan, "staging") == before


def test_an_unknown_phase_and_what_is_missing_are_told_apart(shelves: Shelves) -> None:
    (plan,) = shelves.shelf.plans()
    with pytest.raises(KeyError):
        shelves.shelf.resolve(plan, "moon")
    shelves.lose()
    with pytest.raises(Unresolvable, match=r"staging\.env"):
        shelves.shelf.resolve(plan, "staging")
