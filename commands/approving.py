"""Approving: yes for a guild, no with a reason, and taking one's yes back."""

from bot.domain.nearest import did_you_mean
from bot.domain.permissions import Right
from bot.domain.plan import Guild
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Meaning
from bot.views.blocks import section
from bot.views.buttons import row
from bot.views.message import Message
from bot.views.request import request, request_meanings
from bot.views.text import escape
from commands.desk import Asked, Desk, Press, Result, Takes, Verb
from commands.forms import with_reason


async def approve(desk: Desk, asked: Asked) -> Result:
    """`approve [PHASE] [GUILD]`: the digest is that of the request as it stands now."""
    guild = asked.rest[0] if asked.rest else ""
    if guild and guild not in asked.quorum:
        known = [*asked.quorum, *(phase.name for phase in asked.plan.phases)]
        return Refusal("approval-guild", f"'{escape(guild)}' is no guild asked here: {did_you_mean(guild, known)}")
    mine = sorted(asked.person.guilds & set(asked.quorum))
    if not guild and len(mine) > 1:
        return await choose_guild(desk, asked, mine)
    chosen = guild or next(iter(mine), "")
    return await desk.office.proposals.approve(asked.rollout, asked.phase, chosen, asked.run.digest, asked.person)


async def approve_for(desk: Desk, asked: Asked) -> Result:
    """The button: for its guild and for the digest that stood beside it."""
    meaning = asked.meaning or Meaning(asked.rollout, Move.APPROVE, asked.phase)
    mine = sorted(asked.person.guilds & set(asked.quorum))
    if not meaning.subject and len(mine) > 1:
        return await choose_guild(desk, asked, mine)
    chosen = meaning.subject or next(iter(mine), "")
    return await desk.office.proposals.approve(asked.rollout, asked.phase, chosen, meaning.digest, asked.person)


async def choose_guild(desk: Desk, asked: Asked, guilds: list[str]) -> Message:
    """One person is one voice: somebody in several guilds says for which."""
    run = asked.run
    labels = {
        Meaning(asked.rollout, Move.APPROVE.value, run.phase, run.attempt, run.digest, guild): (
            f"Approve for {asked.guilds.get(guild, Guild()).title or guild}"
        )
        for guild in guilds
    }
    ids = await desk.ids(*labels)
    text = f"You are in {' and '.join(map(escape, guilds))}, and you have one voice. For whom do you speak?"
    typed = f"Or type `/rollout approve {asked.phase} {guilds[0]}`."
    return Message(f"{text} {typed}", (section(f"{text} {typed}"), *row(labels, ids, labels)))


async def withdraw(desk: Desk, asked: Asked) -> Result:
    return await desk.office.proposals.withdraw(asked.rollout, asked.phase, asked.person)


async def deny(desk: Desk, asked: Asked) -> Result:
    return await desk.office.proposals.deny(asked.rollout, asked.phase, asked.reason, asked.person)


async def show_request(desk: Desk, asked: Asked) -> Result:
    """The request as it stands now, to the one who wants to see it, with its buttons."""
    if asked.live is None:
        return Refusal("not-now", f"{asked.phase} is not proposed.")
    meaning = asked.meaning or Meaning(asked.rollout, "request", asked.phase)
    ids = await desk.ids(*request_meanings(asked.live, asked.phase, meaning.digest, meaning.attempt))
    return request(asked.live, asked.phase, ids, {}, meaning.digest, meaning.attempt)


async def remind_later(desk: Desk, asked: Asked) -> Result:
    """An hour more until the guild's next reminder, for a member of it."""
    mine = sorted(asked.person.guilds & set(asked.quorum))
    guild = (asked.meaning.subject if asked.meaning else "") or next(iter(mine), "")
    return await desk.office.reminders.later(asked.rollout, asked.phase, guild, asked.person)


VERBS = (
    Verb(
        "approve", "approve [PHASE] [GUILD]", "say yes for your guild", approve, Right.ANSWER, Takes.FREE, Move.APPROVE
    ),
    Verb(
        "deny",
        "deny [PHASE] because REASON",
        "say no; it ends the request",
        with_reason(Move.DENY, deny),
        Right.ANSWER,
        Takes.REASON,
        Move.DENY,
    ),
    Verb("withdraw", "withdraw [PHASE]", "take your own yes back", withdraw, Right.ANSWER, Takes.PHASE, Move.WITHDRAW),
)
PRESSES = (
    Press(Move.APPROVE, approve_for, Right.ANSWER),
    Press(Move.DENY, deny, Right.ANSWER),
    Press(Move.WITHDRAW, withdraw, Right.ANSWER),
    Press("request", show_request, Right.READ),
    Press("later", remind_later, Right.ANSWER),
)
