"""The figures for Prometheus: true of the store at the scrape, of the process by what it did, and without names."""

import asyncio
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.rollout import State
from bot.meters import Counting, Meters, Sources, serve_metrics
from bot.ports import Busy
from storage.figures import Figures
from storage.opened import opened
from tests.conversations.conftest import Walker, small_plan
from tests.storage.samples import PLAN, HandClock, opening
from tests.storage.servers import postgres

__all__ = ["postgres"]


class Place:
    """A real store with one rollout, its meters and the port that shows them."""

    def __init__(self, clock, memory, meters, port):
        self.clock, self.memory, self.meters, self.port = clock, memory, meters, port

    async def figures(self):
        text = await asyncio.to_thread(self._read)
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def _read(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return answer.read().decode()


@pytest.fixture(params=["sqlite", "postgresql"])
async def place(request, tmp_path):
    clock = HandClock()
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'kept' / 'x.db'}" if sqlite else request.getfixturevalue("postgres").fresh()
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
        meters, lease = Meters(clock), memory.lease
        sources = Sources(
            memory.rollouts, memory.orders, Figures(memory.database), lease.read, lambda: lease.fence, clock
        )
        async with serve_metrics(0, meters, sources) as port:
            yield Place(clock, memory, meters, port)


async def test_the_store_is_read_at_every_scrape(place):
    before = await place.figures()
    assert before["rollout_outbox_waiting", ()] == 0
    assert before["rollout_phases", (("state", "proposed"),)] == 0
    assert (before["rollout_lease_held", ()], before["rollout_acting", ()]) == (1, 1)
    assert before["rollout_lease_fence", ()] == 1
    change = await place.memory.rollouts.open(PLAN, opening)
    name = change.rollout.name
    after = await place.figures()
    states = {
        State(dict(labels)["state"]): value for (metric, labels), value in after.items() if metric == "rollout_phases"
    }
    assert set(states) == set(State)
    assert sum(states.values()) == len(change.rollout.phases)
    assert after["rollout_outbox_waiting", ()] == len(change.posts)
    assert after["rollout_timers", ()] == len(change.timers)
    assert after["rollout_ledger_head", (("stream", f"rollout/{name}"),)] == len(change.entries)
    assert after["rollout_scrape_failed", ()] == 0


async def test_a_store_that_cannot_be_read_is_said_and_the_last_figures_stay(place, monkeypatch):
    await place.memory.rollouts.open(PLAN, opening)
    before = await place.figures()

    async def busy(_self, _streams, **_moments):
        raise Busy("busy")

    monkeypatch.setattr(Figures, "backlog", busy)
    after = await place.figures()
    assert after["rollout_scrape_failed", ()] == 1
    assert after["rollout_outbox_waiting", ()] == before["rollout_outbox_waiting", ()]


async def test_deliveries_sockets_and_alarms_are_counted(place):
    place.meters.delivered("command", "answered", 0.02)
    place.meters.delivered("command", "answered", 4.0)
    place.meters.socket("")
    place.meters.socket("silent")
    place.meters.socket("")
    place.meters.trouble("slack-socket")
    shown = await place.figures()
    assert shown["rollout_deliveries_total", (("kind", "command"), ("outcome", "answered"))] == 2
    assert shown["rollout_ack_seconds_bucket", (("kind", "command"), ("le", "0.025"))] == 1
    assert shown["rollout_ack_seconds_bucket", (("kind", "command"), ("le", "3.0"))] == 1
    assert shown["rollout_ack_seconds_count", (("kind", "command"),)] == 2
    assert (shown["rollout_socket_connected", ()], shown["rollout_socket_rebuilt_total", ()]) == (1, 1)
    assert shown["rollout_alarm", (("name", "slack-socket"),)] == 1
    place.meters.over("slack-socket")
    assert (await place.figures())["rollout_alarm", (("name", "slack-socket"),)] == 0


async def test_effects_and_verdicts_are_counted_as_they_are_recorded(place, tmp_path):
    (tmp_path / "staging.env").write_text("ON=true\n")
    walker = Walker(small_plan(), tmp_path)
    stage = walker.stage
    counted = Counting(stage.rollouts, place.meters)
    object.__setattr__(stage.effects, "rollouts", counted)
    await walker.applied()
    shown = await place.figures()
    assert shown["rollout_effects_total", (("ladder", "forward"), ("outcome", "done"))] == 3


async def test_no_label_names_a_person_or_an_order(place):
    await place.memory.rollouts.open(PLAN, opening)
    shown = await place.figures()
    labels = {name for _, pairs in shown for name, _ in pairs}
    assert labels <= {"kind", "outcome", "ladder", "state", "rollout", "phase", "stream", "name", "le"}
