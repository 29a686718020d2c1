"""Nothing that a person or a plan wrote becomes a mention, a link, a broadcast or a line of its own."""

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.entries import Happened
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import Countdown, State
from bot.domain.verdicts import Waiver
from bot.ports import Meaning
from bot.views import answers, gates
from bot.views.card import card, card_meanings
from bot.views.limits import faults
from bot.views.message import Message
from bot.views.modals import MODALS, modal
from bot.views.notes import note, note_meanings
from bot.views.previews import preview, preview_meanings
from bot.views.request import request, request_meanings
from bot.views.text import code, escape, group, mention, who

OURS = re.compile(
    r"<@(U0ENGINEER|U0RUNNER|U0SEC1|U0SEC2|U0HOLDER|U0WAIVER)>"
    r"|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d :-]+ UTC>"
)


def harmless(world, message: Message | dict):
    whole = (message.text, *message.blocks) if isinstance(message, Message) else message
    for text in world.strings(whole):
        rest = OURS.sub("", text)
        assert "<" not in rest, text
        assert ">" not in rest, text
        assert "\u202e" not in text
        assert "\n• fake line" not in text
    assert verbatim(whole)


def verbatim(part) -> bool:
    if isinstance(part, dict):
        return (part.get("type") != "mrkdwn" or part.get("verbatim") is True) and all(map(verbatim, part.values()))
    return all(map(verbatim, part)) if isinstance(part, list | tuple) else True


@pytest.mark.parametrize("state", list(State))
def test_the_card_of_a_hostile_plan_is_harmless(world, state):
    seen = world.snapshot(state, held=True, text=world.evil)
    message = card(seen, world.now, world.ids(card_meanings(seen, world.now)))
    harmless(world, message)
    assert faults(message.blocks) == ()


@pytest.mark.parametrize("state", list(State))
def test_the_request_of_a_hostile_plan_is_harmless(world, state):
    seen = world.snapshot(state, held=True, text=world.evil)
    marks = {"devops": "<!channel>"}
    harmless(world, request(seen, "canary", world.ids(request_meanings(seen, "canary")), marks))


@pytest.mark.parametrize("kind", list(Happened))
def test_notes_of_hostile_facts_are_harmless(world, kind):
    names = "gate reason says source step statement changed missing names rungs rung title plan held unknown task gates"
    facts = dict.fromkeys([*names.split(), "cannot_bring_back", "head", "guild", "state", "before"], world.evil)
    facts |= {"outcome": "fail", "digest": world.digest, "void": 2, "samples": 3, "minutes": 10, "seconds": 30}
    if kind is Happened.GATES_READ:
        facts = {f"gate-{each}": f"fail|{world.evil}|3|{world.evil}" for each in range(5)}
    post = Post("k", "gitguard-1", Place.THREAD, kind.value, "canary", f"operator:{world.evil}", facts)
    seen = world.snapshot(State.STARTING, text=world.evil)
    harmless(world, note(post, seen, world.ids(note_meanings(post, seen))))


@pytest.mark.parametrize("no", [None, Refusal("x", "Not so", "Do that", ("preview", "staging"))])
def test_a_hostile_preview_is_harmless(world, no):
    no = no and replace(no, reason=world.evil, remedy=world.evil)
    copy = world.resolved(world.evil)
    flags = (("+", f"A{world.evil}", "", world.evil), ("~", "B", world.evil, world.evil), ("-", "C", world.evil, ""))
    seen = SimpleNamespace(
        plan="gitguard", rollout="", resolved=copy, digest=world.digest, flags=flags, refusal=no, phase=copy.phase
    )
    message = preview(seen, world.ids(preview_meanings(seen)))
    harmless(world, message)
    harmless(world, answers.flags(copy, flags))
    assert faults(message.blocks) == ()


@pytest.mark.parametrize("state", list(State))
def test_answers_about_a_hostile_rollout_are_harmless(world, state):
    waiver = Waiver("gate-1", "U0WAIVER", "devops", world.evil, world.now, world.now + timedelta(hours=1))
    counting = Countdown(f"g{world.evil}", world.now)
    seen = world.snapshot(state, held=True, text=world.evil, waivers=(waiver,), countdown=counting)
    run = seen.rollout.current
    for held in (run, replace(run, hold=None), replace(run, hold=None, countdown=None)):
        harmless(world, answers.why(seen, held, world.now))
        harmless(world, answers.next_steps(seen, held, world.now))
    harmless(world, answers.status([seen], world.now, {"gitguard-1": "https://x|<!channel>"}))
    harmless(world, answers.plans([seen.plan], [seen]))
    harmless(world, gates.standing_lines(seen, run, world.now))
    harmless(world, answers.refusal(Refusal("x", world.evil, world.evil)))
    harmless(world, answers.help_for(world.evil, [(world.evil, world.evil, None)], world.evil))
    harmless(world, answers.answer(world.evil))
    for move in MODALS:
        step = seen.intents[3].id
        harmless(world, modal(Meaning("gitguard-1", move, "canary", subject=step), "id", seen, world.now))


def test_gates_read_without_a_rollout_are_harmless(world):
    copy = world.resolved(world.evil)
    read = [
        SimpleNamespace(gate=gate, verdict=world.standing(gate, "fail", world.evil).verdict)
        for gate in copy.phase.gates
    ]
    read = [SimpleNamespace(gate=each.gate, verdict=replace(each.verdict, outcome=_fail())) for each in read]
    harmless(world, gates.judged(copy.phase, read))


def _fail():
    from bot.domain.verdicts import Outcome

    return Outcome.FAIL


@given(st.text())
def test_escaped_text_holds_nothing_that_slack_acts_on(text):
    for shown in (escape(text), code(text), who(f"operator:{text}"), who(text), mention(text), group(text)):
        rest = re.sub(r"^<@[UW][A-Z0-9]{2,20}>$|^<!subteam\^S[A-Z0-9]{2,20}>$", "", shown)
        assert not set(rest) & set("<>\n\r\u202e\u200b\u2028")
        assert not re.search(r"&(?!amp;|lt;|gt;)", rest)


def test_actors_are_named_by_what_they_are():
    assert who("U02ABC") == "<@U02ABC>"
    assert who("W02ABC") == "<@W02ABC>"
    assert who("clockwork") == "the bot"
    assert who("operator:root") == "root (on the host)"
    assert who("U02ABC> <!channel") == "U02ABC&gt; &lt;!channel"
