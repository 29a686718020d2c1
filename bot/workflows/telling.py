"""Telling: a rollout store that writes a direct message for each subscriber beside what a change says."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.plan import Plan
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.domain.subscriptions import Kind, wanted
from bot.ports import Change, Decide, RolloutStore, Snapshot, Subscriptions

Subscribed = Mapping[str, frozenset[str]]


@dataclass
class Subscribers:
    """The promises of Subscriptions, remembered: every change asks for them, and they hardly ever change.

    Only the process that acts writes subscriptions; one that takes over starts with nothing remembered.
    """

    kept: Subscriptions
    _known: Subscribed | None = field(default=None, repr=False)
    _writes: int = 0

    async def of(self, person: str) -> frozenset[str]:
        return await self.kept.of(person)

    async def people(self, kind: str) -> tuple[str, ...]:
        return await self.kept.people(kind)

    async def put(self, person: str, kinds: Iterable[str]) -> None:
        try:
            await self.kept.put(person, kinds)
        finally:
            self._known, self._writes = None, self._writes + 1

    async def everybody(self) -> Subscribed:
        """Each subscriber with the kinds."""
        if self._known is not None:
            return self._known
        writes = self._writes
        found: dict[str, frozenset[str]] = {}
        for kind in Kind:
            for person in await self.kept.people(kind):
                found[person] = found.get(person, frozenset()) | {kind.value}
        if writes == self._writes:  # else somebody subscribed while this was read
            self._known = found
        return found


@dataclass(frozen=True)
class Telling:
    """Passes everything on; who is to be told is read before the transaction, and written in it."""

    store: RolloutStore
    subscribers: Subscribers

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        asked = await self.subscribers.everybody()
        return await self.store.open(plan, lambda name: told_directly(decide(name), asked))

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        asked = await self.subscribers.everybody()
        if not asked:
            return await self.store.change(name, decide)

        def and_tell(seen: Snapshot) -> Change | Refusal | None:
            decided = decide(seen)
            return told_directly(decided, asked) if isinstance(decided, Change) else decided

        return await self.store.change(name, and_tell)

    async def load(self, name: str) -> Snapshot | None:
        return await self.store.load(name)

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        return await self.store.live(plan)


def told_directly(change: Change, asked: Subscribed) -> Change:
    """The change with a message for everybody who wants one of its posts; one each, however many kinds cover it."""
    said = [post for post in change.posts if post.place in {Place.CHANNEL, Place.THREAD}]
    direct = tuple(
        replace(
            post,
            key=f"{post.key}/to/{person}",
            place=Place.DIRECT,
            to=person,
            facts={**post.facts, "because": why.value},
        )
        for post in said
        for person, kinds in sorted(asked.items())
        if (why := wanted(post, change.rollout, person, kinds))
    )
    return replace(change, posts=(*change.posts, *direct)) if direct else change
