"""The rules of the house that the import contracts cannot check; every list is derived from the source."""

import ast
import re
import subprocess
import sys
from typing import get_args

import pytest

from bot.actions.hands import ACTIONS
from bot.domain.entries import Happened
from bot.domain.probes import Probe
from bot.domain.steps import Step
from bot.ports import Beat
from bot.probes.reader import PROBES
from tests.house import machine
from tests.house import map as house_map
from tests.house.source import ROOT, modules

JUNK = {"utils", "helpers", "manager", "common", "data", "misc"}
# A name that reads the world, and the modules that own it.
OWNERS = {
    "datetime.now": {"bot.jobs.clock", "bot.jobs.waking"},
    "time.time": set(),
    "random": set(),
    "uuid4": set(),
    "asyncio.sleep": {"bot.jobs.clock", "bot.jobs.waking", "bot.jobs.stirring"},
    "os.environ": {"bot.app", "bot.__main__", "bot.reach.subprocesses"},
    "time.sleep": set(),
}


def ids(module):
    return module.name


@pytest.mark.parametrize("module", modules(), ids=ids)
def test_every_module_says_in_one_sentence_what_it_is(module):
    if module.text.strip():
        assert module.sentence, "a docstring is missing"
        assert module.sentence.endswith("."), module.sentence


@pytest.mark.parametrize("module", modules(), ids=ids)
def test_no_junk_rooms(module):
    assert not JUNK & set(module.name.split("."))


@pytest.mark.parametrize("module", modules(), ids=ids)
def test_no_file_outgrows_its_room(module):
    assert module.text.count("\n") <= 400


def test_files_and_functions_stay_small():
    files = sorted(module.text.count("\n") for module in modules())
    functions = sorted(
        (function.end_lineno or 0) - function.lineno + 1 for module in modules() for function in module.functions()
    )
    assert files[int(len(files) * 0.9)] <= 250
    assert functions[len(functions) // 2] <= 12
    assert functions[int(len(functions) * 0.9)] <= 30
    assert functions[-1] <= 60


@pytest.mark.parametrize("module", modules("bot/domain", "bot/views"), ids=ids)
def test_rules_and_views_are_synchronous(module):
    forbidden = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node.lineno for node in ast.walk(module.tree) if isinstance(node, forbidden)]


@pytest.mark.parametrize("module", modules("bot", "commands", "storage"), ids=ids)
def test_the_world_is_read_only_where_it_is_owned(module):
    used = set(module.names())
    for name, owners in OWNERS.items():
        if module.name not in owners:
            assert name not in used, f"{name} belongs in {sorted(owners) or 'no module'}"


@pytest.mark.parametrize("module", modules("bot", "commands", "storage"), ids=ids)
def test_bugs_are_caught_only_at_the_doors(module):
    doors = {"commands.door", "bot.jobs.working", "bot.__main__"}
    caught = [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]
    assert not caught or module.name in doors, caught


def test_what_judges_cannot_act():
    gates = next(module for module in modules("bot/workflows") if module.name == "bot.workflows.gates")
    assert "Actions" not in set(gates.names())


def test_every_probe_and_every_step_of_a_plan_has_its_adapter():
    assert set(PROBES) == set(get_args(Probe))
    assert set(ACTIONS) == set(get_args(Step))


def test_every_beat_is_told_by_the_code_that_it_bounds():
    told = {
        ast.unparse(node.args[0]).removeprefix("Beat.")
        for module in modules("bot", "commands")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]).startswith("Beat.")
    }
    assert told == {beat.name for beat in Beat}


def test_every_happening_is_recorded_somewhere():
    used = {name for module in modules("bot") for name in module.names() if name.startswith("Happened.")}
    assert used >= {f"Happened.{kind.name}" for kind in Happened}


def test_the_map_is_fresh():
    assert house_map.TARGET.read_text() == house_map.written(), "run `make map`"


def test_the_figure_of_the_machine_is_fresh():
    assert machine.TARGET.read_text() == machine.written(), "run `make map`"


def test_a_rehearsal_loads_neither_slack_nor_sql():
    code = (
        "import sys; from bot.__main__ import app; import bot.rehearsal.walk, bot.plans.loader;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " {'slack_sdk', 'slack_bolt', 'sqlalchemy', 'sqlmodel', 'aiosqlite', 'alembic', 'apscheduler'}])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_plan_reference_is_fresh():
    checked = subprocess.run(
        [sys.executable, "-m", "bot.plans.reference", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_lock_file_records_where_it_was_downloaded():
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://", lock.read_text()), lock.name


def test_every_exception_to_the_linter_has_a_reason():
    silent = [
        f"{module.path.relative_to(ROOT)}:{number}"
        for module in modules()
        for number, line in enumerate(module.text.splitlines(), 1)
        if re.search(r"# noqa(?!: [A-Z0-9, ]+ - \S)", line)
    ]
    assert not silent
