"""Faults: sixty and more broken plans, each with the exact line, column and words that it must be refused with."""

import re
from pathlib import Path

import pytest

from bot.plans.loader import PlanError, load, load_text

FOLDER = Path(__file__).parent / "faults"
EXPECT = re.compile(rb"# expect (\d+):(\d+) (.+)")


def expected(path: Path) -> list[tuple[int, int, str]]:
    found = []
    for line in path.read_bytes().split(b"\n"):
        match = EXPECT.fullmatch(line)
        if not match:
            return found
        found.append((int(match[1]), int(match[2]), match[3].decode()))
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_the_fault_is_named_where_it_stands(path: Path):
    with pytest.raises(PlanError) as refused:
        load(path, FOLDER)
    marked = expected(path)
    said = [(fault.line, fault.column, f"{fault.says}; {fault.remedy}") for fault in refused.value.faults]
    assert marked
    assert [(line, column) for line, column, _ in said] == [(line, column) for line, column, _ in marked], said
    for (_, _, words), (_, _, phrase) in zip(said, marked, strict=True):
        assert phrase in words
    assert all(fault.file == path.name for fault in refused.value.faults)


def test_there_are_at_least_sixty():
    assert len(list(FOLDER.glob("*.yml"))) >= 60


def test_a_fault_shows_its_line_and_a_caret(tmp_path: Path):
    (tmp_path / "x.yml").write_text("plan: x\ntitle: 5\n")
    with pytest.raises(PlanError) as refused:
        load(tmp_path / "x.yml", tmp_path)
    shown = str(refused.value)
    assert "x.yml:2:8: 'title' must be text, not 5; put it in quotes\n    2 | title: 5\n               ^" in shown


def test_a_file_over_a_mebibyte_is_not_read(tmp_path: Path):
    (tmp_path / "x.yml").write_text("#" * (256 * 1024 + 1))
    with pytest.raises(PlanError, match="larger than 262144 bytes"):
        load(tmp_path / "x.yml", tmp_path)


@pytest.mark.parametrize("name", ["secret-in-env", "secret-in-sets"])
def test_a_value_that_looks_like_a_secret_is_never_repeated(name: str):
    with pytest.raises(PlanError) as refused:
        load(FOLDER / f"{name}.yml", FOLDER)
    assert not re.search("hunter2|p4ss", str(refused.value))


def test_a_deep_nest_of_brackets_is_refused_quickly(tmp_path: Path):
    (tmp_path / "x.yml").write_text("a: " + "[" * 250_000)
    with pytest.raises(PlanError, match="nested more than"):
        load(tmp_path / "x.yml", tmp_path)


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("", "x.yml:1:1: the file is empty; begin with plan:, title: and channel:"),
        ("- a\n", "x.yml:1:1: a plan must be a mapping, not a list; write key: value"),
        ("%YAML 1.1\n---\nplan: x\n", "x.yml:1:1: directives (%) are refused; leave the line out"),
        ("? [a]\n: b\n", "x.yml:1:3: a key is a word, not a list or a mapping"),
        ('plan: "\\ud800"\n', "x.yml:1:7: half of a surrogate pair is no character"),
        ("plan: 1e999\n", "x.yml:1:7: the number is too large; at most 9007199254740991"),
        ("plan: " + "9" * 5000, "x.yml:1:7: the number is too large; at most 9007199254740991"),
        ("plan: x\r\ntitle: 5\r\n", "x.yml:2:8: 'title' must be text, not 5; put it in quotes"),
        ('plan: "a\N{LINE SEPARATOR}b"\ntitle: 5\n', "x.yml:2:8: 'title' must be text, not 5; put it in quotes"),
        ("\N{BOM}plan: 7\n", "x.yml:1:7: 'plan' must be text, not 7; put it in quotes"),
        ("phases:\n  -\n", "x.yml:2:4: a key without a value; write the value, or leave the key out"),
    ],
)
def test_what_is_hardly_yaml_is_refused_with_its_place(text: str, headline: str):
    with pytest.raises(PlanError) as refused:
        load_text(text, "x.yml")
    found = {fault.headline: fault.excerpt for fault in refused.value.faults}
    assert headline in found
    if headline.startswith("x.yml:2:8"):
        assert found[headline] == "title: 5"
