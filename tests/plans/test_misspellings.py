"""Every key of the shipped plan misspelt and every scalar mistyped, one at a time: each is refused at its place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.domain.plan import Plan
from bot.plans import tree
from bot.plans.faults import FaultList, Place, PlanError
from bot.plans.loader import check

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "plans" / "gitguard.yml").read_text(encoding="utf-8")
SAMPLE = 5  # every fifth in the default run
CHUNKS = 8
QUANTITIES = ("at_most", "at_least", "under", "over", "share", "above", "below")


@cache
def root() -> tree.Node:
    found = tree.compose(TEXT, FaultList("gitguard.yml", TEXT))
    assert found is not None
    return found


def changed(node: tree.Node, at: Place, change: Callable[[tree.Scalar], tree.Scalar]) -> tree.Node:
    """The tree with one scalar changed; everything keeps its place, as a misspelling in one line does."""
    if isinstance(node, tree.Scalar):
        return change(node) if node.place == at else node
    if isinstance(node, tree.Sequence):
        return replace(node, items=tuple(changed(item, at, change) for item in node.items))
    entries = ((change(key) if key.place == at else key, changed(value, at, change)) for key, value in node.entries)
    return replace(node, entries=tuple(entries))


def keys(node: tree.Node) -> Iterator[tree.Scalar]:
    """Every key: those that a class declares, and those by which the plan names its own things."""
    if isinstance(node, tree.Sequence):
        for item in node.items:
            yield from keys(item)
    elif isinstance(node, tree.Mapping):
        for key, value in node.entries:
            yield key
            yield from keys(value)


def scalars(node: tree.Node, key: str = "") -> Iterator[tuple[str, tree.Scalar]]:
    if isinstance(node, tree.Scalar):
        yield key, node
    elif isinstance(node, tree.Sequence):
        for item in node.items:
            yield from scalars(item, key)
    else:
        for name, value in node.entries:
            yield from scalars(value, str(name.value))


def misspelt(key: tree.Scalar) -> tree.Scalar:
    word = str(key.value)
    return replace(key, value=f"{word}q")


def mistyped(key: str, value: tree.Scalar) -> tree.Scalar:
    """A value of a type that this key never takes."""
    if isinstance(value.value, bool):
        return replace(value, value="yes")
    if key in {"equals", "one_of"}:
        return replace(value, value=7.5)
    if key in QUANTITIES:
        return replace(value, value=True)
    return replace(value, value="many" if isinstance(value.value, int | float) else 7)


def refused(mutant: tree.Node, at: Place) -> bool:
    return refused_at(lambda: check(mutant, FaultList("gitguard.yml", TEXT), ROOT), at)


def refused_at(read: Callable[[], Plan], at: Place) -> bool:
    try:
        read()
    except PlanError as error:
        return any((fault.line, fault.column) == (at.line, at.column) for fault in error.faults)
    return False


def spots() -> list[tuple[Place, Callable[[tree.Scalar], tree.Scalar]]]:
    found: list[tuple[Place, Callable[[tree.Scalar], tree.Scalar]]] = [(key.place, misspelt) for key in keys(root())]
    for name, scalar in scalars(root()):
        found.append((scalar.place, lambda node, name=name: mistyped(name, node)))
    return found


def unrefused(mutants: list[tuple[Place, Callable[[tree.Scalar], tree.Scalar]]]) -> list[Place]:
    return [at for at, change in mutants if not refused(changed(root(), at, change), at)]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_misspelt_key_or_mistyped_value_is_refused_at_its_place(chunk: int):
    mutants = spots()[::SAMPLE][chunk::CHUNKS]
    assert len(mutants) > 30
    assert unrefused(mutants) == []


@pytest.mark.endurance
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_misspelt_key_and_mistyped_value_is_refused_at_its_place(chunk: int):
    assert unrefused(spots()[chunk::CHUNKS]) == []


def written(at: Place, change: Callable[[tree.Scalar], tree.Scalar]) -> str | None:
    """The same change made in the text; None where the scalar does not stand on one line as it is."""
    old = next(each for each in everything(root()) if each.place == at)
    lines = TEXT.splitlines(keepends=True)
    line, start = lines[at.line - 1], at.column - 1
    forms = (f'"{old.value}"', f"'{old.value}'", plain(old.value))
    shown = next((each for each in forms if line.startswith(each, start)), None)
    new = change(old).value
    if shown is None:
        return None
    lines[at.line - 1] = line[:start] + plain(new) + line[start + len(shown) :]
    return "".join(lines)


def everything(node: tree.Node) -> Iterator[tree.Scalar]:
    if isinstance(node, tree.Scalar):
        yield node
    elif isinstance(node, tree.Sequence):
        for item in node.items:
            yield from everything(item)
    else:
        for key, value in node.entries:
            yield key
            yield from everything(value)


def plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def refused_as_text(at: Place, change: Callable[[tree.Scalar], tree.Scalar]) -> bool:
    text = written(at, change)
    if text is None:
        return True
    return refused_at(lambda: loaded(text), at)


def loaded(text: str) -> Plan:
    faults = FaultList("gitguard.yml", text)
    found = tree.compose(text, faults)
    if found is None:
        raise faults.error()
    return check(found, faults, ROOT)


def test_the_text_itself_is_refused_in_the_same_way():
    sample = spots()[::89]
    assert sum(written(*spot) is not None for spot in sample) > 20
    assert [at for at, change in sample if not refused_as_text(at, change)] == []


@pytest.mark.endurance
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_text_is_refused_in_the_same_way(chunk: int):
    assert [at for at, change in spots()[chunk::CHUNKS] if not refused_as_text(at, change)] == []


def test_the_plan_as_it_stands_is_accepted():
    assert check(root(), FaultList("gitguard.yml", TEXT)).name == "gitguard"
