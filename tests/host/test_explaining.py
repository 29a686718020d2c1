"""What a code means, in a terminal."""

import pytest

from bot.domain.codes import CODES
from bot.host.explaining import explained


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained_with_its_remedy(code):
    words, known = explained(code)
    assert known
    assert words == f"{code}: {CODES[code].meaning}\n{CODES[code].remedy}"


def test_without_a_code_all_are_listed():
    words, known = explained("")
    assert known
    assert [line.split()[0] for line in words.splitlines()] == list(CODES)


def test_a_misspelt_code_offers_the_nearest():
    words, known = explained("unknwon-phase")
    assert words.startswith("There is no code 'unknwon-phase'. Did you mean unknown-phase")
    assert not known
    assert explained("zzzz") == ("There is no code 'zzzz'. `rollout explain` lists them.", False)
