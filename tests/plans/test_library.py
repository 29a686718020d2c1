"""The library: files are read again when they change, and a broken one leaves the others alone."""

import os
from pathlib import Path

import pytest

from bot.plans.library import PlanLibrary
from bot.plans.resolve import Unresolved

TEXT = """\
plan: NAME
title: TITLE
channel: "#x"
guilds: {devops: {usergroup: devops}}
run_by: devops
systems: {}
phases: [{phase: one, title: One, objective: o, approvals: {quorum: {devops: 1}}}]
"""


def write(folder: Path, name: str, text: str, age: int = 0) -> None:
    (folder / name).write_text(text)
    os.utime(folder / name, (1_000_000 + age, 1_000_000 + age))


@pytest.fixture
def library(tmp_path: Path) -> PlanLibrary:
    (tmp_path / "plans").mkdir()
    write(tmp_path / "plans", "a.yml", TEXT.replace("NAME", "alpha"))
    write(tmp_path / "plans", "b.yml", TEXT.replace("NAME", "beta"))
    return PlanLibrary(tmp_path, tmp_path / "plans", {}, b"key")


def test_plans_are_found_by_name(library):
    assert [plan.name for plan in library.plans()] == ["alpha", "beta"]
    assert library.plan("beta").title == "TITLE"
    assert library.plan("gamma") is None
    assert library.faults() == ()


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(library):
    first = library.plan("alpha")
    assert library.plan("alpha") is first
    write(library.folder, "a.yml", TEXT.replace("NAME", "alpha").replace("TITLE", "OTHER"), age=1)
    assert library.plan("alpha").title == "OTHER"


def test_a_broken_file_leaves_the_others_usable_and_comes_back(library):
    assert library.plan("alpha")
    write(library.folder, "a.yml", "plan: 7\n", age=1)
    assert [plan.name for plan in library.plans()] == ["beta"]
    assert (library.faults()[0].file, library.faults()[0].line) == ("plans/a.yml", 1)
    write(library.folder, "a.yml", TEXT.replace("NAME", "alpha"), age=2)
    assert [plan.name for plan in library.plans()] == ["alpha", "beta"]
    assert library.faults() == ()


def test_a_second_plan_of_the_same_name_is_a_fault_until_the_first_goes(library):
    write(library.folder, "b.yml", TEXT.replace("NAME", "alpha"), age=1)
    assert [plan.name for plan in library.plans()] == ["alpha"]
    assert [fault.says for fault in library.faults()] == ["the plan 'alpha' is already in plans/a.yml"]
    (library.folder / "a.yml").unlink()
    assert [plan.name for plan in library.plans()] == ["alpha"]
    assert library.faults() == ()


def test_a_folder_in_the_place_of_a_file_is_a_fault(library):
    (library.folder / "c.yml").mkdir()
    assert [plan.name for plan in library.plans()] == ["alpha", "beta"]
    assert [fault.headline for fault in library.faults()] == ["plans/c.yml:1:1: cannot be read: Is a directory"]


def test_a_phase_is_resolved_with_its_digest(library):
    resolved, digest = library.resolve("alpha", "one")
    assert (resolved.plan, resolved.phase.name) == ("alpha", "one")
    assert digest == library.resolve("alpha", "one")[1]
    with pytest.raises(Unresolved, match="there is no plan 'alpa'; did you mean 'alpha'"):
        library.resolve("alpa", "one")


def test_the_shipped_plans_are_without_a_fault(root, environ):
    library = PlanLibrary(root, root / "plans", environ, b"key")
    assert library.faults() == ()
    assert library.plan("gitguard")


def test_a_library_that_looks_seldom_still_reads_what_is_to_be_executed(library):
    seldom = PlanLibrary(library.root, library.folder, {}, b"key", look_every=60.0)
    assert [plan.title for plan in seldom.plans()] == ["TITLE", "TITLE"]
    write(library.folder, "a.yml", TEXT.replace("NAME", "alpha").replace("TITLE", "OTHER"), age=1)
    assert [plan.title for plan in seldom.plans()] == ["TITLE", "TITLE"]
    assert seldom.plan("alpha").title == "OTHER"
    assert [plan.title for plan in seldom.plans()] == ["OTHER", "TITLE"]
