"""The home tab and direct messages, through a real sandbox and the bot as its own process."""

import json

import pytest

from tests.e2e.browser import visited
from tests.e2e.conftest import Setting
from tests.e2e.screens import Camera
from tests.e2e.town import until, words

OMAR_AND_THE_BOT = "D0OMAR"


def home(town, user):
    """What the app shows to this person alone."""
    views = [view for view in town.get("views", user=user)["views"] if view["type"] == "home"]
    return views[-1] if views else None


def reads(town, user, text):
    return until(
        lambda: (view := home(town, user)) and text in words(view["view"]) and view, what=f"'{text}' for {user}"
    )


def press(town, user, label):
    """Press a button of the tab."""
    view = home(town, user)
    for block in view["view"]["blocks"]:
        for element in (*block.get("elements", ()), block.get("accessory") or {}):
            if element.get("type") == "button" and element["text"]["text"].startswith(label):
                return town.post(
                    "click",
                    user=user,
                    view_id=view["id"],
                    action_id=element["action_id"],
                    block_id=block["block_id"],
                )
    raise AssertionError(f"no button '{label}' in {json.dumps(view)[:800]}")


def directs(town, channel=OMAR_AND_THE_BOT):
    return town.get("messages", channel=channel).get("messages", [])


SETTINGS = [
    Setting(),
    pytest.param(Setting("http"), marks=pytest.mark.endurance),
    pytest.param(Setting("http", "postgresql"), marks=pytest.mark.endurance),
]


@pytest.mark.parametrize("town", SETTINGS, indirect=True, ids=str)
def test_an_approval_is_given_at_home_and_told_directly_exactly_once(town):
    # Asked twice it is the same; a busy machine may let the first command after a start run into Slack's three seconds.
    until(lambda: "approvals" in json.dumps(town.command("omar", "subscribe approvals phases")), what="an answer")
    for user in ("omar", "gwen", "stan"):
        assert town.post("home", user=user)["ok"]
    reads(town, "omar", "Nothing waits for you now.")

    until(lambda: town.command("dana", "start staging")["ok"], what="a proposal")
    reads(town, "omar", "asks for the yes of DevOps")  # without opening it again
    (message,) = until(lambda: directs(town), what="a direct message")
    assert "asks to start" in words(message)
    assert "you subscribed to" in words(message)

    until(lambda: press(town, "omar", "Approve for DevOps")["ok"], what="a yes that is taken")
    until(lambda: "asks for the yes" not in words(home(town, "omar")["view"]), what="an approval gone from the tab")
    town.await_card("DevOps 1 of 1")
    # The direct message shows how things stood; its buttons say how they stand now.
    until(lambda: press_direct(town, "omar")["ok"], what="a press that is taken")
    until(lambda: "already approved for devops" in json.dumps(town.ephemerals("omar")), what="an answer to a late yes")
    keys = [message["metadata"]["event_payload"]["key"] for message in directs(town)]
    assert len(keys) == 1
    assert keys[0].endswith("/to/U0OMAR")

    # A plain member of the channel may look, and a guest may not.
    assert "Approve for" not in words(reads(town, "stan", "staging is")["view"])
    view = reads(town, "gwen", "There is nothing here for you.")["view"]
    assert "staging" not in words(view)
    assert not [block for block in view["blocks"] if block["type"] == "actions"]


def press_direct(town, user):
    """Press the first button of the newest direct message."""
    where = directs(town)[-1]
    button = next(each for block in where["blocks"] for each in block.get("elements", ()) if "value" in each)
    return town.post("click", user=user, channel=OMAR_AND_THE_BOT, ts=where["ts"], action_id=button["action_id"])


@pytest.mark.endurance
@pytest.mark.browser
@pytest.mark.xdist_group("page")
def test_the_tab_on_the_page_is_used_and_fits_both_widths():
    with visited(300) as page:
        walk(page, Camera(page))


def walk(page, camera):
    tab = page.page.get_by_test_id("home-tab")
    page.be("omar")
    page.page.get_by_test_id("home").click()
    page.sees("Nothing waits for you now")
    page.town.command("dana", "start staging")
    page.sees("asks for the yes of DevOps")
    camera.take("home-waits")
    page.press("Direct messages", tab)
    page.page.get_by_test_id("modal").wait_for()
    for box in page.page.get_by_test_id("modal").get_by_role("checkbox").all():
        box.check()
    camera.take("home-subscribe")
    page.page.get_by_test_id("modal-submit").click()
    page.page.get_by_test_id("modal").wait_for(state="hidden")
    page.press("See the request", tab)
    page.page.get_by_test_id("modal").wait_for()
    camera.take("home-request")
    page.page.get_by_test_id("modal-close").click()
    page.press("Approve for DevOps", tab)
    until(lambda: "asks for the yes" not in tab.inner_text(), what="an approval gone from the tab")
    page.town.await_card("DevOps 1 of 1")
    # The request may be drawn again just as it is pressed.
    until(lambda: page.town.press("priya", "Approve for Platform Security")["ok"], what="priya's yes")
    page.town.await_card("Platform Security 1 of 1")
    until(lambda: page.town.press_card("dana", "Start")["ok"], what="dana's start")
    page.town.await_card("soaking")
    page.sees("waits for your word")
    camera.take("home-soaking")
    page.press("Why?", tab)
    page.sees("Why staging is")
    page.page.get_by_test_id("modal-close").click()
    page.page.get_by_test_id("channel-directmessage").click()
    page.sees("you subscribed to")
    camera.take("direct-messages")
