"""Hostile strings in every slot: of no message, form, tab or page they make a mention, a link, a script or a line."""

import json
import re
import unicodedata
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.entries import Happened
from bot.domain.people import Person
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import Countdown, State
from bot.domain.verdicts import Waiver
from bot.ports import Meaning
from bot.views import answers, gates
from bot.views.card import card, card_meanings
from bot.views.home import Seen, Tab, home, home_meanings
from bot.views.limits import faults, size
from bot.views.message import Message
from bot.views.modals import MODALS, modal
from bot.views.notes import note, note_meanings
from bot.views.previews import preview, preview_meanings
from bot.views.request import request, request_meanings
from bot.views.text import code, escape, mention, plain, who
from sandbox.clock import SandboxClock
from sandbox.targets import NoTargets
from sandbox.workspace.blockkit.blocks import check_message_blocks
from sandbox.workspace.blockkit.views import check_view
from sandbox.workspace.grants import grants_of
from sandbox.workspace.server import LOCAL, build_workspace, running
from tests.e2e.browser import FLAGS, chromium
from tests.security.counts import counted, dice
from tests.security.hostile_words import hostile
from tests.views import conftest as world

PEOPLE = "U0ENGINEER|U0RUNNER|U0SEC1|U0SEC2|U0HOLDER|U0WAIVER"
OURS = re.compile(rf"<@(?:{PEOPLE})>|<!date\^\d+\^\{{date_short_pretty\}} \{{time\}}\|[\d :-]+ UTC>|<!subteam\^S0OURS>")
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_FACTS = """gate reason says source step statement changed missing names rungs rung title plan held unknown task gates
cause cannot_bring_back head guild state before trouble who why by until next digest members person outcome"""
FACTS = tuple(_FACTS.split())


def ids(meanings):
    return {each: f"id-{number}" for number, each in enumerate(meanings)}


def a_card(evil, random):
    seen = world.snapshot(random.choice(list(State)), held=random.random() < 0.5, text=evil)
    return card(seen, world.NOW, ids(card_meanings(seen, world.NOW)))


def a_request(evil, random):
    seen = world.snapshot(random.choice(list(State)), text=evil)
    marks = dict.fromkeys(("devops", "security"), "<!subteam^S0OURS>")  # the directory's word, nobody else's
    return request(seen, "canary", ids(request_meanings(seen, "canary")), marks)


def a_note(evil, random):
    kind = random.choice(list(Happened))
    facts = dict.fromkeys(FACTS, evil) | {"digest": world.DIGEST, "void": 2, "samples": 3, "minutes": 10, "seconds": 30}
    facts["outcome"] = random.choice(["fail", "pass", "error"])
    if kind is Happened.GATES_READ:
        facts = {f"gate-{each}": f"fail|{evil}|3|{evil}" for each in range(5)}
    actor = random.choice((evil, f"operator:{evil}", "U0ENGINEER"))
    post = Post("k", "gitguard-1", Place.THREAD, kind.value, "canary", actor, facts)
    seen = world.snapshot(random.choice((State.STARTING, State.SOAKING, State.ROLLING_BACK)), text=evil)
    return note(post, seen, ids(note_meanings(post, seen)))


def a_preview(evil, random):
    copy, no = world.resolved(evil), random.choice((None, Refusal("x", evil, evil)))
    flags = (("+", f"A{evil}", "", evil), ("~", "B", evil, evil), ("-", "C", evil, ""))
    if random.random() < 0.3:
        return answers.flags(copy, flags)
    seen = SimpleNamespace(
        plan="gitguard", rollout="", resolved=copy, digest=world.DIGEST, flags=flags, refusal=no, phase=copy.phase
    )
    return preview(seen, ids(preview_meanings(seen)))


def an_answer(evil, random):
    waiver = Waiver("gate-1", "U0WAIVER", "devops", evil, world.NOW, world.NOW + timedelta(hours=1))
    counting = Countdown(f"g{evil}", world.NOW)
    seen = world.snapshot(random.choice(list(State)), held=True, text=evil, waivers=(waiver,), countdown=counting)
    run = random.choice((seen.rollout.current, replace(seen.rollout.current, hold=None)))
    made = (
        lambda: answers.why(seen, run, world.NOW),
        lambda: answers.next_steps(seen, run, world.NOW),
        lambda: answers.status([seen], world.NOW, {"gitguard-1": f"https://x|{evil}"}),
        lambda: answers.plans([seen.plan], [seen]),
        lambda: answers.refusal(Refusal("x", evil, evil)),
        lambda: answers.refusal(Refusal(evil, evil, evil)),
        lambda: answers.explained(evil),
        lambda: answers.help_for(evil, [(evil, evil, None)], evil),
        lambda: answers.answer(f"There is {evil}"),
        lambda: gates.standing_lines(seen, run, world.NOW),
    )
    return random.choice(made)()


def a_form(evil, random):
    seen = world.snapshot(random.choice(list(State)), held=True, text=evil)
    step = random.choice(seen.intents).id
    return modal(Meaning("gitguard-1", random.choice(sorted(MODALS)), "canary", subject=step), "id", seen, world.NOW)


def a_home(evil, random):
    seen = world.snapshot(random.choice(list(State)), held=random.random() < 0.5, text=evil)
    person = Person("U0SEC2", evil, frozenset({"security", "devops"}))
    tab = Tab(
        (Seen(seen, person),), world.NOW, notice=random.choice(("", answers.refusal(Refusal("x", evil, evil)).text))
    )
    return home(tab, ids(home_meanings(tab)))


VIEWS = (a_card, a_request, a_note, a_note, a_preview, an_answer, an_answer, a_form, a_home)


def strings(part, key=""):
    """Every text inside, with the key it stands under."""
    if isinstance(part, str):
        yield key, part
    elif isinstance(part, dict):
        for name, each in part.items():
            yield from strings(each, name)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from strings(each, key)


def verbatim(part):
    if isinstance(part, dict):
        return (part.get("type") != "mrkdwn" or part.get("verbatim") is True) and all(map(verbatim, part.values()))
    return all(map(verbatim, part)) if isinstance(part, list | tuple) else True


def harm_of(made):
    """What somebody could mistake or Slack would refuse; empty when all is well."""
    whole = {"text": made.text, "blocks": list(made.blocks)} if isinstance(made, Message) else made
    wrong = []
    for key, text in strings(whole):
        rest = OURS.sub("", text)
        if "<" in rest or ">" in rest:
            wrong.append(f"a mark in {key}: {rest[:80]!r}")
        if key == "text" and (
            hidden := [sign for sign in text if sign != "\n" and unicodedata.category(sign) in UNSEEN]
        ):
            wrong.append(f"unseen {hidden[0]!r} in {text[:80]!r}")
        if re.search(r"before[^\S\n]*\n", text):
            wrong.append(f"a line of its own: {text[:80]!r}")
    if not verbatim(whole):
        wrong.append("not verbatim")
    try:
        json.dumps(whole, ensure_ascii=False).encode()
    except UnicodeEncodeError as half:
        wrong.append(f"cannot be sent: {half.reason}")
    if isinstance(made, Message):
        wrong += [*faults(made.blocks), *(check_message_blocks(list(made.blocks)) if made.blocks else [])]
        wrong += ["a text that is too long or empty"] if not 0 < len(made.text) <= 3000 else []
        wrong += ["too large"] if size(made.blocks) > 13_200 else []
    else:
        wrong += check_view(made, made["type"])
    return wrong


@counted(5000)
def test_no_hostile_string_harms_what_is_shown(cases, record_property):
    thrown, wrong, drawn = dice(), [], 0
    for number, evil in enumerate(hostile(thrown.random, cases)):
        for text in (escape(evil), code(evil), plain(evil), mention(evil), who(evil)):
            assert not re.search(r"[<>]", OURS.sub("", text)), (thrown.seed, evil)
        for draw in (VIEWS[number % len(VIEWS)], thrown.random.choice(VIEWS)):
            drawn += 1
            if harm := harm_of(draw(evil, thrown.random)):
                wrong.append((draw.__name__, evil[:60], harm[:2]))
    assert not wrong, f"seed {thrown.seed}: {wrong[:6]} and {len(wrong)} in all"
    record_property("figure", f"{cases} hostile strings in {drawn} messages and forms: 0 harm; seed {thrown.seed}")


def test_a_view_that_escapes_nothing_would_be_found():
    """The control: each sort of harm is seen where somebody forgets to make a text harmless."""
    for evil, says in (
        ("<!channel>", "a mark"),
        ("\u202ex", "unseen"),
        ("before\n> quote", "a line of its own"),
        ("\ud800", "cannot be sent"),
        ("x" * 4000, "over 3000"),
    ):
        block = {"type": "section", "text": {"type": "mrkdwn", "text": f"The gate {evil}", "verbatim": True}}
        assert any(says in each for each in harm_of(Message("x", (block,)))), says
    assert "not verbatim" in harm_of(Message("x", ({"type": "section", "text": {"type": "mrkdwn", "text": "x"}},)))


IN_THE_PAGE = """() => {
    const inside = [...document.querySelectorAll('#messages *')];
    const foreign = ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE', 'BASE', 'META', 'MATH', 'FORM'];
    const drawn = each => each.tagName !== 'svg' || each.querySelector(':scope > use[href^="emoji.svg#"]');
    const bad = inside.filter(each => foreign.includes(each.tagName.toUpperCase()) || !drawn(each)
        || [...each.attributes].some(one => one.name.startsWith('on')));
    const away = /evil|javascript/i;
    const links = inside.filter(each => each.tagName === 'A' && away.test(each.getAttribute('href') || ''));
    const images = inside.filter(each => each.tagName === 'IMG' && each.getAttribute('src') === 'x');
    return {bad: bad.map(each => each.outerHTML.slice(0, 90)), links: links.map(each => each.href),
            images: images.length, ran: window.ran || 0, messages: inside.filter(each => each.dataset.ts).length};
}"""


@pytest.mark.browser
@counted(400, normal=16)
async def test_the_page_shows_hostile_strings_as_text(cases, record_property):
    from playwright.async_api import async_playwright

    thrown, found = dice(), chromium()
    async with AsyncExitStack() as stack:
        seconds = count(step=10.0)  # no rate limit stands in the way
        app = build_workspace(SandboxClock(), NoTargets(), monotonic=lambda: next(seconds), grants=grants_of())
        base = await stack.enter_async_context(running(app))
        web = AsyncWebClient(token=app[LOCAL].tokens.bot, base_url=f"{base}/api/")
        driver = await stack.enter_async_context(async_playwright())
        browser = await driver.chromium.launch(executable_path=found, args=FLAGS)
        stack.push_async_callback(browser.close)
        page, asked = await browser.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: dialog.dismiss())
        await page.add_init_script("window.ran = 0; window.alert = () => { window.ran += 1; };")
        await page.goto(base)
        for evil in hostile(thrown.random, cases):
            made = thrown.random.choice((a_card, a_note, a_preview, an_answer))(evil, thrown.random)
            await post(web, made)
        await page.wait_for_function("document.querySelectorAll('#messages [data-ts]').length > 3")
        await page.wait_for_timeout(500)
        seen = await page.evaluate(IN_THE_PAGE)
        away = [url for url in asked if not url.startswith(base)]
    assert (seen["bad"], seen["links"], seen["images"], seen["ran"], away) == ([], [], 0, 0, []), thrown.seed
    record_property(
        "figure",
        f"{cases} messages in chromium ({seen['messages']} on the page at the end): 0 scripts, links or requests away",
    )


async def post(web, made):
    await web.chat_postMessage(channel="C0ROLLOUT", text=made.text, blocks=list(made.blocks) or None)
