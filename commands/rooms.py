"""Rooms: which plans are at home in a channel."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.plan import Plan
from bot.domain.refusals import Refusal

NAME_LIFE: Final = timedelta(minutes=10)
# Slack's own words in the place of a name; the channel has to be asked for.
_NO_NAMES: Final = frozenset({"", "privategroup", "directmessage", "mpim"})
NameOf = Callable[[str], Awaitable[str]]


@dataclass
class Rooms:
    """Tells channels by their ids; a plan that names its channel is bound by asking Slack for the name."""

    plans: Callable[[], tuple[Plan, ...]]
    ask_name: NameOf
    real: Callable[[], datetime]
    _names: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    async def plans_in(self, channel: str, hint: str = "") -> tuple[Plan, ...]:
        """The plans of this channel. `hint` is the name that came with the delivery, if one came."""
        plans = self.plans()
        by_name = any(plan.channel.startswith("#") for plan in plans)
        name = f"#{await self._name(channel, hint)}" if by_name else ""
        return tuple(plan for plan in plans if plan.channel in {channel, name})

    async def _name(self, channel: str, hint: str) -> str:
        if hint not in _NO_NAMES:
            self._names[channel] = self.real(), hint
        known = self._names.get(channel)
        if known is None or self.real() - known[0] > NAME_LIFE:
            known = self._names[channel] = self.real(), await self.ask_name(channel)
        return known[1]


def plan_of(plans: Sequence[Plan], words: tuple[str, ...]) -> tuple[Plan, tuple[str, ...]] | Refusal:
    """The plan that is meant and the words that are left; a name is compulsory where several plans live."""
    first = words[0] if words else ""
    named = next((plan for plan in plans if first == plan.name or _is_rollout_of(first, plan)), None)
    if named is not None and (len(plans) > 1 or named.phase(first) is None):
        return named, words[1:]
    if len(plans) == 1:
        return plans[0], words
    names = ", ".join(plan.name for plan in plans)
    return Refusal("which-plan", "Several plans live in this channel.", f"Put one of these after the verb: {names}.")


def no_plan_here(plans: Sequence[Plan]) -> Refusal:
    if not plans:
        return Refusal("no-plan", "There are no plans.", "Put one into the plans' folder; `rollout lint` checks it.")
    homes = ", ".join(dict.fromkeys(plan.channel for plan in plans))
    return Refusal("no-plan", "No plan lives in this channel.", f"Channels with one: {homes}.")


def _is_rollout_of(word: str, plan: Plan) -> bool:
    name, dash, number = word.rpartition("-")
    return bool(dash) and name == plan.name and number.isdigit()
