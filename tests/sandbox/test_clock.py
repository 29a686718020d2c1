"""The sandbox's clock: spans, speed, jumps, waiting."""

import asyncio
from datetime import timedelta

import pytest

from sandbox.clock import SandboxClock, parse_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24h", 86_400), ("90m", 5400), ("30s", 30), ("1h30m", 5400), (45, 45), (1.5, 1.5), ("60", 60), ("2d", 172_800)],
)
def test_a_span_is_read(text: str | float, seconds: float) -> None:
    assert parse_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "24 h", "10x", "-5m", "1h30", "5m later"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span"):
        parse_span(text)


def test_a_fast_clock_passes_a_day_in_144_seconds() -> None:
    seconds = 0.0
    clock = SandboxClock(600.0, monotonic=lambda: seconds)
    before = clock.now()
    seconds = 144.0
    assert clock.now() - before == timedelta(hours=24)


def test_a_clock_neither_stops_nor_goes_back() -> None:
    clock = SandboxClock()
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="above zero"):
        SandboxClock(0)
    assert clock.version == 1


async def test_a_jump_wakes_who_waits_and_a_known_change_does_not_wait() -> None:
    clock = SandboxClock()
    waiting = asyncio.create_task(clock.wait_change(1, 5))
    await asyncio.sleep(0)
    clock.advance(timedelta(hours=1))
    assert await waiting == 2
    assert await clock.wait_change(1, 5) == 2
    assert await clock.wait_change(2, 0.01) == 2
