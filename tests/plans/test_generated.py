"""The generated reference and JSON Schema: fresh, complete, and in agreement with the loader."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from bot.plans import meanings, reference, schema, tree
from bot.plans.faults import FaultList

ROOT = Path(__file__).resolve().parents[2]


def given(path: Path) -> object:
    text = path.read_text(encoding="utf-8")
    found = tree.compose(text, FaultList(path.name, text))
    assert found is not None
    return tree.plain(found)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    committed = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(committed)
    return jsonschema.Draft202012Validator(committed)


def test_the_generated_files_are_fresh(capsys):
    assert reference.main(["--check"], ROOT / "docs") == 0
    assert capsys.readouterr().err == ""


def test_a_stale_file_is_named_and_written_anew(tmp_path, capsys):
    (tmp_path / "plan-reference.md").write_text("old")
    assert reference.main(["--check"], tmp_path) == 1
    assert "plan-reference.md is stale" in capsys.readouterr().err
    assert reference.main(["--write"], tmp_path) == 0
    assert reference.main(["--check"], tmp_path) == 0


def test_the_schema_accepts_the_shipped_plan(validator):
    assert list(validator.iter_errors(given(ROOT / "plans" / "gitguard.yml"))) == []


@pytest.mark.parametrize(
    "name",
    ["unknown-key-of-gate", "missing-key-of-phase", "number-where-text", "span-without-unit", "size-of-two-readings"],
)
def test_the_schema_refuses_what_the_loader_refuses_by_type(name, validator):
    assert list(validator.iter_errors(given(Path(__file__).parent / "faults" / f"{name}.yml"))) != []


def test_every_key_has_a_meaning_and_every_meaning_a_key():
    classes = schema.classes()
    assert len(classes) > 25
    keys = {(shape.__name__, field.name) for shape in classes for field in fields(shape)}
    unsaid = [
        pair for pair in keys if len(meanings.meaning(next(c for c in classes if c.__name__ == pair[0]), pair[1])) < 5
    ]
    assert unsaid == []
    known = {name for _, name in keys} | {f"{shape}.{name}" for shape, name in keys}
    assert set(meanings.MEANINGS) - known == set()


def test_the_reference_names_every_class_and_key():
    page = (ROOT / "docs" / "plan-reference.md").read_text(encoding="utf-8")
    for shape in schema.classes():
        section = page.split(f"\n## {reference.heading(shape)}\n")[1].split("\n## ")[0]
        assert all(f"| `{field.name}` |" in section for field in fields(shape))


def test_the_loader_is_imported_without_pydantic_slack_or_sql():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, bot.plans.loader; print('\\n'.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    ).stdout.split()  # fmt: skip
    assert "ruamel.yaml" in loaded
    assert not {"pydantic", "slack_sdk", "slack_bolt", "sqlmodel", "sqlalchemy", "aiohttp", "jmespath"} & set(loaded)
