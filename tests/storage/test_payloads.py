"""The quick way to write a payload gives the bytes that RFC 8785 gives, and the quick look at one errs on no side."""

import json

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.payloads import Place, payload, plain
from storage.shapes import Shapes

# No lone surrogates: they are no text that anybody could store.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.sampled_from(['"', "\\", "\x00", "\x08\x09\x0a\x0b\x0c\x0d\x1f", "\x7f", "\u2028", "é", "\uffff", "😀", "/"])
TEXTS = st.one_of(WORDS, ODD, st.builds(str.__add__, WORDS, ODD))
NUMBERS = st.one_of(st.integers(), st.integers(-(2**53) - 2, -(2**53) + 2), st.integers(2**53 - 2, 2**53 + 2))
FACTS = st.dictionaries(TEXTS, st.one_of(TEXTS, NUMBERS, st.booleans(), st.none(), st.floats()), max_size=6)
PLACES = st.builds(Place, TEXTS, st.integers(0, 2**53 - 1), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
FRONT, BACK = '{"facts":', ',"kind":"x"}'


def library(place, facts):
    return rfc8785.dumps({**place._asdict(), "facts": {name: plain(fact) for name, fact in facts.items()}})


@settings(max_examples=600, deadline=None)
@given(PLACES, FACTS)
@example(Place("s", 1, "p", "a", "u", "k", "f"), {"\ue000": 1, "😀": 2})
@example(Place("s", 1, "p", "a", "u", "k", "f"), {"a": -0.0, "b": 1e21, "c": 5e-324, "d": float("nan"), "e": 2**53})
def test_a_payload_is_what_rfc_8785_says(place, facts):
    assert payload(place, facts) == library(place, facts)


def test_a_text_that_is_no_unicode_is_refused_not_written():
    with pytest.raises(UnicodeEncodeError):
        payload(Place("s", 1, "p", "a", "u", "k", "f"), {"why": "\ud800"})


def fits(shapes, facts):
    text = f"{FRONT}{facts}{BACK}"
    return bool(shapes["k"](text, len(FRONT), len(text) - len(BACK)))


@settings(max_examples=300, deadline=None)
@given(st.lists(FACTS, min_size=1, max_size=4), FACTS, st.integers(0, 400), st.characters(max_codepoint=0x17F))
def test_what_fits_a_shape_is_canonical(learned, facts, place, other):
    """Also with one character put in the place of another."""
    shapes = Shapes()
    for each in (*learned, facts):
        shapes.learn("k", rfc8785.dumps({name: plain(fact) for name, fact in each.items()}).decode())
    honest = rfc8785.dumps({name: plain(fact) for name, fact in facts.items()}).decode()
    place %= len(honest)
    for text in (honest, honest[:place] + other + honest[place + 1 :], honest[:place] + other + honest[place:]):
        if fits(shapes, text):
            assert rfc8785.dumps(json.loads(text)).decode() == text


@pytest.mark.parametrize(
    "facts",
    [
        '{"b":1,"a":"x"}',
        '{"a":"x","a":"x"}',
        '{"a":"x","b":01}',
        '{"a":"x","b":-0}',
        '{"a":"x","b":1.0}',
        '{"a":"x","b":1e2}',
        '{"a":"x", "b":1}',
        '{"a":"x","b":1},"kind":"y","facts":{}',
        '{"a":"x","b":[1]}',
        '{"a":"x","b":NaN}',
        '{"a":"\\u0041","b":1}',
        '{"a":"\\u000a","b":1}',
        '{"a":"\\/","b":1}',
        '{"a":"\n","b":1}',
        '{"a":"x","b":12345678901234567}',
    ],
)
def test_what_is_not_canonical_fits_no_shape(facts):
    shapes = Shapes()
    shapes.learn("k", '{"a":"x","b":1}')
    assert fits(shapes, '{"a":"é\\n\\u0001","b":null}'), "the shape was learned"
    assert not fits(shapes, facts)


def test_shapes_do_not_grow_without_end():
    shapes = Shapes()
    for number in range(1000):
        shapes.learn(f"kind-{number}", "{}")
        shapes.learn("k", f'{{"a{number}":1}}')
    assert len(shapes) <= 256
    assert sum(fits(shapes, f'{{"a{number}":1}}') for number in range(1000)) <= 16
