"""Status: where everything stands, for a terminal; it reads and changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain import reasons
from bot.domain.nearest import did_you_mean
from bot.domain.rollout import PhaseRun, State
from bot.domain.standing import length
from bot.host.reaching import clock_of, reached
from bot.ports import Order, Snapshot
from bot.settings import HostSettings
from storage.lease import Holder


async def status(settings: HostSettings, name: str = "") -> tuple[str, int]:
    """What to print and the exit status; with a name, of that rollout alone, closed ones too."""
    clock = await clock_of(settings)
    async with reached(settings, clock) as memory:
        holder, orders = await memory.lease.read(), await memory.orders.waiting()
        live = await memory.rollouts.live()
        found = [await memory.rollouts.load(name)] if name else list(live)
    shown = [seen for seen in found if seen is not None]
    if name and not shown:
        known = [seen.rollout.name for seen in live]
        return f"There is no rollout '{name}': {did_you_mean(name, known)} Code: unknown-rollout", 1
    lines = [*_holder(holder, clock.real()), *_orders(orders)]
    for seen in shown:
        lines += ["", *rollout_lines(seen, clock.now())]
    return "\n".join(lines if shown else [*lines, "No rollout is under way."]), 0


def _holder(holder: Holder | None, real: datetime) -> Iterator[str]:
    if holder is None:
        yield "No process has ever acted on this database."
        return
    if holder.alive:
        left = max((holder.expires_at - real).total_seconds(), 0)
        until = f"{holder.expires_at:%Y-%m-%d %H:%M:%S} UTC ({left:.0f} s left unless it is renewed)"
        yield f"Acting: {holder.name}, fence {holder.fence}, its lease is valid until {until}."
    else:
        yield f"Nobody acts. The last was {holder.name}, fence {holder.fence}; its lease is over."


def _orders(orders: Sequence[Order]) -> Iterator[str]:
    for each in orders:
        where = f"{each.rollout} {each.phase}".strip()
        yield f"Order waiting since {each.at:%H:%M:%S} UTC, by {each.operator}: {each.verb} {where}: {each.reason}"


def rollout_lines(seen: Snapshot, now: datetime) -> Iterator[str]:
    """One rollout: its phases, and of the current one its hold, its soak, why it stands there and what is next."""
    run = seen.rollout.current
    ended = f", closed {seen.rollout.closed_at:%Y-%m-%d %H:%M} UTC" if seen.rollout.closed_at else ""
    yield f"{seen.rollout.name}: {seen.plan.title}{ended}"
    touched = [each for each in seen.rollout.phases if each.changed_at or each is run]
    yield "  " + ", ".join(f"{each.phase} {each.state.words}" for each in touched)
    if run.hold:
        yield f"  Held by {run.hold.by} since {run.hold.at:%Y-%m-%d %H:%M} UTC: {run.hold.reason}"
    if soak := _soak(seen, run):
        yield f"  {soak}"
    case = (seen.rollout, seen.plan, seen.copies, seen.board, run, now, seen.intents)
    yield f"  Why {run.phase} is {run.state.words}{', held' if run.hold else ''}:"
    yield from (f"    - {line}" for line in reasons.why(*case))
    yield "  Next:"
    yield from (f"    - {line}" for line in reasons.next_moves(*case))


def _soak(seen: Snapshot, run: PhaseRun) -> str:
    copy = seen.copies.get(run.digest)
    soak = copy.phase.soak if copy else None
    if soak is None or run.state not in {State.SOAKING, State.READY, State.PASSED}:
        return ""
    earned = min(seen.board.soaked(run).earned, soak.at_least)
    return f"Soak: {length(earned)} of {length(soak.at_least)} earned"
