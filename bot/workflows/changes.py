"""Changes: one decision with its ledger entries, its posts and its card, ready to be written."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.entries import Entry, Fact, Happened
from bot.domain.people import Person
from bot.domain.posts import Place, Post
from bot.domain.rollout import Rollout
from bot.ports import Change

Said = tuple[Entry, Place | None]


def told(kind: Happened, by: Person, phase: str = "", place: Place | None = Place.THREAD, **facts: Fact) -> Said:
    """An entry and where it is said; `by` is named in the entry, never trusted from it."""
    return Entry(kind, by.id, phase, dict(facts)), place


def change(after: Rollout, said: Iterable[Said], *, mark: str = "") -> Change:
    """The change that leaves `after`; posts are keyed by version so that a repeat writes nothing twice.

    `mark` tells changes apart that do not move the version, such as verdicts.
    """
    pairs = tuple(said)
    keyed = (
        (f"{after.name}/{after.version}{mark}/{number}", entry, place) for number, (entry, place) in enumerate(pairs)
    )
    posts = tuple(Post.of(after.name, _key(key, entry, after), entry, place) for key, entry, place in keyed if place)
    return Change(after, entries=tuple(entry for entry, _ in pairs), posts=(Post.card(after.name), *posts))


def _key(key: str, entry: Entry, after: Rollout) -> str:
    # Ready may come and go with the gates; people are told of it once an attempt.
    if entry.kind is not Happened.PHASE_READY:
        return key
    run = after.run(entry.phase)
    return f"{after.name}/{run.key if run else entry.phase}/ready"


def more(first: Change, **fields: object) -> Change:
    return replace(first, **fields)  # type: ignore[arg-type]
