"""Addressing: who may see which rollouts outside of their channel, asked at the moment of showing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approvals import awaited
from bot.domain.people import Person
from bot.domain.plan import Guild
from bot.domain.posts import Post
from bot.domain.rollout import PhaseRun, State
from bot.domain.subscriptions import Kind
from bot.ports import Clock, Directory, Snapshot

# The ids and the names ("#rollouts") of the channels that somebody is in. Raises Unreachable.
RoomsOf = Callable[[str], Awaitable[frozenset[str]]]


@dataclass(frozen=True)
class Addressees:
    """Full members of the workspace see the rollouts of the channels that they are in; nobody else sees any."""

    directory: Directory
    rooms_of: RoomsOf
    clock: Clock

    async def sees(self, person: Person, seen: Snapshot) -> bool:
        """Whether this rollout may be shown to the person. Raises Unreachable."""
        return person.counts and seen.plan.channel in await self.rooms_of(person.id)

    async def unwanted(self, post: Post, seen: Snapshot) -> str:
        """Why a direct message is not sent any more; "" when it is. Raises Unreachable: then it waits."""
        run = seen.rollout.run(post.phase) or PhaseRun(post.phase)
        asks = post.facts.get("because") == Kind.APPROVALS
        asked = _asked(post, run, self.clock.now()) if asks else frozenset()
        if asks and not asked:
            return "not asked any more"
        guilds = guilds_of(seen, run)
        person = await self.directory.person(post.to, {name: guilds[name] for name in asked if name in guilds})
        if not person.counts:
            return "no full member of the workspace"
        if not await self.sees(person, seen):
            return "not in the rollout's channel"
        needed = awaited(run.request, person, self.clock.now()) if run.request else frozenset()
        return "" if not asks or needed & asked else "not asked, or answered already"


def _asked(post: Post, run: PhaseRun, now: datetime) -> frozenset[str]:
    """The guilds that the post asks; none when what it asked for is asked no more."""
    same = (post.facts.get("digest"), post.facts.get("attempt")) == (run.digest, run.attempt)
    if run.state is not State.PROPOSED or not same or run.expires_at is None or now >= run.expires_at:
        return frozenset()
    guild = post.facts.get("guild")
    return frozenset({str(guild)}) if guild else frozenset(run.quorum or {})


def guilds_of(seen: Snapshot, run: PhaseRun) -> dict[str, Guild]:
    """The guilds as they were when the phase was asked for."""
    copy = seen.copies.get(run.digest)
    return dict(copy.guilds if copy else seen.plan.guilds)
