"""The two stories through the Drive API, with the bot as its own process."""

import re

from tests.e2e.town import carry, propose_and_approve, until, words


def test_staging_and_canary_are_carried_from_refusal_to_promoted(town):
    refused = town.command("dana", "start canary")
    assert refused["ok"]
    shown = until(lambda: town.says("staging is pending", town.ephemerals("dana")))
    assert "canary comes after staging" in words(shown)
    assert town.press("dana", "Preview staging", shown)["ok"]
    preview = until(lambda: town.says("Load the staging configuration", town.ephemerals("dana")))
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


def test_a_target_that_turns_bad_takes_staging_back_and_why_says_so(town):
    propose_and_approve(town, "staging")
    town.press_card("dana", "Start")
    town.await_card("soaking")
    town.target(down=True)
    town.await_card("held", 60)
    town.target(down=False)
    town.command("stan", "rollback")
    refused = until(lambda: town.says("Only members of", town.ephemerals("stan")))
    assert "devops" in words(refused)
    assert town.command("dana", "rollback staging it was down")["ok"]
    town.await_card("staging is rolled back", 60)
    assert town.target()["version"] == "1.4.0"
    town.command("dana", "why")
    reason = until(lambda: town.says("rolled back", town.ephemerals("dana")))
    assert "it was down" in words(reason)


def test_a_canary_with_errors_goes_back_by_itself(town):
    carry(town, "staging", 4)
    propose_and_approve(town, "canary")
    town.press_card("dana", "Start")
    town.await_card("soaking")
    until(lambda: town.says("soaking", [town.card()]))
    town.target(error_rate=0.4)
    town.await_words("error-rate", 60)
    town.await_card("canary is rolled back", 120)
    assert town.target()["flags"]["CODEX_PUBLISH_PORTAL"] == "build-only"
    town.command("dana", "why canary")
    reason = until(lambda: town.says("error-rate failed", town.ephemerals("dana")))
    assert "canary" in words(reason)
