"""The stories through the Drive API, with the bot as its own process, in every setting that it can live in."""

import re

import pytest

from tests.e2e.conftest import Setting
from tests.e2e.town import carry, propose_and_approve, start, until, words

SETTINGS = [Setting(mode, database) for mode in ("socket", "http") for database in ("sqlite", "postgresql")]
FAULTY = [Setting(mode, faults=0.05) for mode in ("socket", "http")]
PLAIN, FAR = SETTINGS[0], SETTINGS[-1]


def lived(*always):
    """The settings of one story: these with every run of the tests, the rest with `make endurance`."""
    return pytest.mark.parametrize(
        "town",
        [
            pytest.param(each, id=str(each), marks=() if each in always else pytest.mark.endurance)
            for each in (*SETTINGS, *FAULTY)
        ],
        indirect=True,
    )


@lived(PLAIN)
def test_staging_and_canary_are_carried_from_refusal_to_promoted(town):
    shown = town.asked("dana", "start canary", "staging is pending")
    assert "canary comes after staging" in words(shown)
    assert town.press("dana", "Preview staging", shown)["ok"]
    preview = until(lambda: town.says("Load the staging configuration", town.ephemerals("dana")), what="a preview")
    assert re.search(r"[0-9a-f]{12}", words(preview)), "the preview shows no digest"
    assert town.messages() == []

    carry(town, "staging", 4)
    before = len(town.messages())
    carry(town, "canary", 24)
    assert len(town.messages()) - before + 1 <= 6, [words(each)[:80] for each in town.messages()]
    flags = town.target()["flags"]
    assert flags["CODEX_PUBLISH_PORTAL"] == "external"
    assert town.target()["version"] == "1.5.0"
    kinds = [effect["kind"] for effect in town.target()["effects"]]
    assert kinds.count("deploy") == 2
    assert kinds.count("restart") == 2


@lived(PLAIN, FAR)
def test_a_target_that_turns_bad_takes_staging_back_and_why_says_so(town):
    propose_and_approve(town, "staging")
    start(town, "staging")
    town.target(down=True)
    town.await_card("held", 60)
    town.target(down=False)
    refused = town.asked("stan", "rollback", "Only members of")
    assert "devops" in words(refused)
    town.insist(
        lambda: town.command("dana", "rollback staging it was down"),
        lambda: town.says("staging is rolled back", [town.card()]),
        60,
    )
    assert town.target()["version"] == "1.4.0"
    reason = town.asked("dana", "why staging", "rolled back")
    assert "it was down" in words(reason)


@lived(PLAIN)
def test_a_canary_with_errors_goes_back_by_itself(town):
    carry(town, "staging", 4)
    propose_and_approve(town, "canary")
    start(town, "canary")
    town.target(error_rate=0.4)
    town.await_words("error-rate", 60)
    town.await_card("canary is rolled back", 120)
    assert town.target()["flags"]["CODEX_PUBLISH_PORTAL"] == "build-only"
    reason = town.asked("dana", "why canary", "error-rate failed")
    assert "canary" in words(reason)
