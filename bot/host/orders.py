"""Orders: hold, rollback and abort from the host; answered by the bot that lives, or carried out here without one."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.host.acting import PAUSE, Acting, Environ, Say, acting
from bot.host.reaching import clock_of, login_name, reached
from bot.jobs.clock import WallClock
from bot.ports import Busy, LostLease, Order, OrderState
from bot.settings import HostSettings
from storage.lease import Holder
from storage.opened import Memory

PATIENCE: Final = timedelta(seconds=20)
_ANSWERED: Final = frozenset({OrderState.DONE, OrderState.REFUSED})


@dataclass(frozen=True)
class Asked:
    """What was typed on the host."""

    verb: str
    rollout: str
    reason: str
    phase: str = ""
    take_over: bool = False


async def ordered(settings: HostSettings, asked: Asked, say: Say, environ: Environ) -> int:
    """Give the order and see it answered; 0 done, 1 refused or waiting, 2 nobody answers and none could take over."""
    if not asked.reason.strip():
        say(f"To {asked.verb} needs a reason; it is on record for good. Code: reason")
        return 1
    clock = await clock_of(settings)
    async with reached(settings, clock) as memory:
        order = Order(
            secrets.token_hex(8), clock.real(), login_name(), asked.verb, asked.rollout, asked.phase, asked.reason
        )
        await memory.orders.give(order)
        holder = await _answered(memory, clock, order, take_over=asked.take_over)
        if isinstance(holder, Order):
            return _told(holder, say)
        if isinstance(holder, Holder):
            return _nobody_answers(holder, order, say)
        say("No bot acts on this database; this command acts itself, and posts are sent when the bot lives again.")
        async with acting(settings, memory, clock, say, environ) as here:
            return await _carried(here, order)


async def _answered(memory: Memory, clock: WallClock, order: Order, *, take_over: bool) -> Order | Holder | None:
    """The answer; or the holder who does not give one; or None once the lease is ours."""
    until = clock.real() + PATIENCE
    while True:
        found = await memory.orders.find(order.id)
        if found and found.state in _ANSWERED:
            return found
        holder = await memory.lease.read()
        if (holder is None or not holder.alive) and await _seized(memory):
            return None
        if holder and not take_over and clock.real() >= until:
            return holder
        await clock.sleep(PAUSE)


async def _seized(memory: Memory) -> bool:
    try:
        return isinstance(await memory.lease.seize(), int)
    except (Busy, LostLease):
        return False


def _told(order: Order, say: Say) -> int:
    say(order.answer)
    if order.state is OrderState.DONE and order.verb == "rollback":
        say(f"The bot carries it out; follow it with: rollout status {order.rollout}")
    return 0 if order.state is OrderState.DONE else 1


def _nobody_answers(holder: Holder, order: Order, say: Say) -> int:
    say(f"{holder.name} holds the lease (fence {holder.fence}) and renews it, but did not answer within 20 s.")
    say(f"The order {order.id} stays for an hour; `rollout status` shows it.")
    say("Stop that process, then give the order again; or give it with --take-over, which waits for its lease to end.")
    return 2


async def _carried(here: Acting, order: Order) -> int:
    try:
        told = await here.told(order.rollout)
        await here.ordering.answer_waiting()
        found = await here.memory.orders.find(order.id)
        here.say(found.answer if found else "The order is gone.")
        done = found is not None and found.state is OrderState.DONE
        if order.verb != "rollback" or not (done or await here.goes_back(order.rollout)):
            return 0 if done else 1
        if not done:
            here.say("It was on its way back when whoever acted ended; this command goes on with it.")
        return 0 if await here.back(order.rollout, told) else 1
    except LostLease:
        here.say("Another process has taken over meanwhile and goes on; see `rollout status`.")
        return 2
