"""The same meaning keeps its id; nothing else can be learnt from an id."""

import asyncio

from bot.ports import Meaning

APPROVE = Meaning("gitguard-1", "approve", "canary", 1, "sha256:ab", "devops")
DENY = Meaning("gitguard-1", "deny", "canary", 1, "sha256:ab")


async def test_an_id_leads_to_its_meaning(memory):
    approve, deny = await memory.buttons.ids([APPROVE, DENY])
    assert await memory.buttons.meaning(approve) == APPROVE
    assert await memory.buttons.meaning(deny) == DENY
    assert await memory.buttons.meaning("made-up") is None


async def test_the_same_meaning_keeps_its_id(memory):
    first = await memory.buttons.ids([APPROVE, APPROVE])
    assert len(set(first)) == 1
    assert await memory.buttons.ids([DENY, APPROVE]) == (*await memory.buttons.ids([DENY]), first[0])


async def test_every_part_of_a_meaning_counts(memory):
    parts = [{"subject": "x"}, {"digest": "x"}, {"attempt": 2}, {"phase": "x"}, {"move": "x"}, {"rollout": "x"}]
    meanings = [APPROVE, *(Meaning(**(vars(APPROVE) | part)) for part in parts)]
    assert len(set(await memory.buttons.ids(meanings))) == len(meanings)


async def test_many_at_once_agree_on_one_id(memory):
    found = await asyncio.gather(*(memory.buttons.ids([APPROVE]) for _ in range(8)))
    assert len(set(found)) == 1


async def test_an_id_is_opaque(memory):
    (button,) = await memory.buttons.ids([APPROVE])
    assert "gitguard" not in button
    assert len(button) >= 20


async def test_no_meanings_are_no_ids(memory):
    assert await memory.buttons.ids([]) == ()
