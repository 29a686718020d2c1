"""Env files: what is read, and that an edit changes the one key and no other byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.envfile import EnvFileError, differences, edit, parse

TEXT = "# head\r\nA=1\n\nexport B = two words \nC='${SECRET}' \n;x\nD=\"a=b#c\"\nE="


def test_values_are_read_as_they_stand():
    assert parse(TEXT) == {"A": "1", "B": "two words", "C": "${SECRET}", "D": "a=b#c", "E": ""}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A=1\nB=2\nA=3\n", "line 3: the key A is given twice"),
        ("A=1\nnonsense\n", "line 2: 'nonsense' is not KEY=VALUE"),
        ("1A=x\n", "line 1: '1A' is not KEY=VALUE"),
        ("=x\n", "line 1: '' is not KEY=VALUE"),
        ("pass word=geheim", "line 1: 'pass' is not KEY=VALUE"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_without_its_value(text: str, says: str):
    with pytest.raises(EnvFileError) as refused:
        parse(text)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        ({}, TEXT),
        ({"A": "2"}, TEXT.replace("A=1", "A=2")),
        ({"A": "1"}, TEXT),
        ({"B": "three"}, TEXT.replace("two words", "three")),
        ({"C": "x"}, TEXT.replace("'${SECRET}'", "'x'")),
        ({"E": "5"}, TEXT + "5"),
        ({"F": "new"}, TEXT + "\nF=new\n"),
        ({"A": " x "}, TEXT.replace("A=1", 'A=" x "')),
    ],
)
def test_an_edit_keeps_every_other_byte(sets: dict[str, str], wanted: str):
    assert edit(TEXT, sets) == wanted


@pytest.mark.parametrize("sets", [{"A": "1\n2"}, {"A B": "1"}, {"A": "1\r"}, {"": "1"}])
def test_an_edit_that_would_leave_its_line_is_refused(sets: dict[str, str]):
    with pytest.raises(ValueError, match="cannot be written as one line"):
        edit(TEXT, sets)


def test_differences_are_signed_and_ordered():
    old, new = {"A": "1", "B": "2", "C": "3"}, {"B": "2", "C": "4", "D": "5"}
    assert differences(old, new) == [("~", "C", "3", "4"), ("+", "D", None, "5"), ("-", "A", "1", None)]


WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)
KEYS = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True)


@given(st.dictionaries(KEYS, WORDS, max_size=5), st.dictionaries(KEYS, WORDS, max_size=5))
def test_what_is_set_is_what_is_read(first: dict[str, str], second: dict[str, str]):
    text = edit("# head\n", first)
    assert parse(text) == first
    assert parse(edit(text, second)) == first | second
