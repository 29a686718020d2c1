"""Every code that the bot says is explained, once, and every explanation is of a code that it says."""

import ast
import re

import pytest

from bot.domain.codes import CODES, nearest
from tests.house.codes import TARGET, written
from tests.house.source import modules

SAID = re.compile(r"\b[Cc]ode:? `?(rollout-[a-z-]+)")


def codes():
    """Every code with the places that say it: the first argument of a Refusal, and `Code rollout-…` in a text."""
    found = {}
    for module in modules("bot", "commands", "storage"):
        for node in ast.walk(module.tree):
            for code in _of(node):
                found.setdefault(code, []).append(f"{module.name}:{node.lineno}")
    return found


def _of(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Refusal":
        named = [each.value for each in node.keywords if each.arg == "code"]
        first = (*node.args[:1], *named)
        assert first, "a refusal has a code"
        return list(_texts(first[0]))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return SAID.findall(node.value)
    return []


def _texts(node):
    """The texts that an expression may be; anything but texts cannot be checked, and so is not allowed."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    assert isinstance(node, ast.Constant), f"line {node.lineno}: write the code where it is said"
    return [node.value]


def test_every_code_that_is_said_is_explained():
    said = codes()
    assert len(said) > 40
    missing = {code: places for code, places in said.items() if code not in CODES}
    assert not missing, "explain them in bot/domain/codes.py"


def test_every_explanation_is_of_a_code_that_is_said():
    assert not set(CODES) - set(codes())


def test_a_code_is_short_and_its_explanation_whole():
    for code, each in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code), code
        for sentence in (each.meaning, each.remedy):
            assert sentence[:1].isupper() or sentence[:1] == "`", code
            assert sentence.endswith("."), code


def test_no_two_codes_mean_the_same():
    meanings = [each.meaning for each in CODES.values()]
    assert len(meanings) == len(set(meanings))
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("unknwn-phase", "unknown-phase"), ("LATE", "late"), ("rolout-bug", "rollout-bug"), ("zzzz", None)],
)
def test_a_misspelt_code_finds_its_neighbour(typed, meant):
    assert next(iter(nearest(typed)), None) == meant


def test_the_page_of_codes_is_fresh():
    assert TARGET.read_text(encoding="utf-8") == written(), "run: python -m tests.house.codes --write"
