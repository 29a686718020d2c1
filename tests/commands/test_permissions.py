"""Every verb and every button, for every kind of person, against a table that was written by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.permissions import Right
from bot.views.modals import MODALS
from commands.desk import Asked, Desk, Press, Result, Verb
from commands.verbs import PRESSES, VERBS, press_table, verb_table
from tests.commands.conftest import BOTH, DEVOPS, FOREIGN, GUEST, ROBOT, SECURITY, STRANGER, House, read

TABLE = Path(__file__).with_name("permissions.txt")
COLUMNS = {
    "devops": DEVOPS,
    "security": SECURITY,
    "both": BOTH,
    "stranger": STRANGER,
    "guest": GUEST,
    "robot": ROBOT,
    "foreign": FOREIGN,
}
FORBIDDEN = ("Only members of", "Guests, bots and people of another workspace")
# What a verb needs beyond its name to come as far as its workflow; for a button, what its form says.
WORDS = {
    "hold": "because",
    "abort": "because",
    "rollback": "because",
    "deny": "because",
    "waive": "latency because",
    "explain": "late",
}
FORM = {"reason": ("because of the test",), "statement": ("I looked.",), "gates": ("latency",)}
SUBJECTS = {"done": "tell-them", "preview": "sample", "propose": "sample"}


def rows() -> Iterator[tuple[str, str, str, bool]]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, name, *allowed = line.split()
        for column, word in zip(COLUMNS, allowed, strict=True):
            assert word in {"yes", "no"}
            yield kind, name, column, word == "yes"


def test_the_table_names_every_verb_and_every_button() -> None:
    named = {(kind, name) for kind, name, _, _ in rows()}
    assert named == {("verb", name) for name in VERBS} | {("press", move) for move in PRESSES}


@pytest.mark.parametrize(("kind", "name", "column", "allowed"), tuple(rows()))
async def test_it_is_allowed_as_the_table_says(house: House, kind: str, name: str, column: str, allowed: bool) -> None:
    await house.soaking()
    before = await house.seen()
    by = COLUMNS[column]
    if kind == "verb":
        told = [await house.says(f"{name} {WORDS.get(name, '')}", by)]
    else:
        meaning = await house.meaning(name, subject=SUBJECTS.get(name, ""))
        told = [read(await house.press(meaning, by))]
        told += [read(await house.send(meaning, FORM, by))] if name in MODALS else []
    assert not any("rollout-bug" in each for each in told), told
    forbidden = [each.removeprefix("🚫 ").startswith(FORBIDDEN) for each in told]
    if name == "attest" and allowed:  # the word for a measured gate is refused for what it is, not for whose it is
        assert "is measured" in told[-1]
    assert not any(forbidden) if allowed else all(forbidden), told
    if not allowed:
        assert await house.seen() == before
        assert house.hands.views == []


async def _nothing(_desk: Desk, _asked: Asked) -> Result:
    return None


def test_what_has_no_right_does_not_register() -> None:
    verbs = (Verb("open", "open", "no right", _nothing), Verb("shut", "shut", "a right", _nothing, Right.READ))
    assert verb_table(verbs).keys() == {"shut"}
    assert press_table((Press("open", _nothing), Press("shut", _nothing, Right.RUN))).keys() == {"shut"}
