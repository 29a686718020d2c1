"""The org-brain's counters and histograms, and their text in Prometheus' format."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Labels = tuple[tuple[str, str], ...]
Reading = tuple[str, Labels, float]

COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "codex_events_processed": ("Events taken from the stream.", ("event_type", "status")),
    "codex_docs_generated": ("Documents built.", ("status",)),
    "codex_graph_updates": ("Updates of the relation graph.", ("status",)),
    "guard_api_requests": ("Requests answered.", ("method", "endpoint", "status_code")),
    "temporal_activity_executions": ("Activities run.", ("activity", "status")),
    "temporal_workflow_executions": ("Workflows run.", ("status",)),
}
HISTOGRAMS: dict[str, tuple[str, tuple[float, ...]]] = {
    "codex_docs_freshness_seconds": (
        "From a merge to the page that shows it.",
        (1, 3, 5, 10, 30, 60, 180, 300, 600),
    ),
    "guard_api_request_duration_seconds": (
        "Time to answer a request.",
        (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30),
    ),
}


@dataclass
class Buckets:
    """One histogram: how many observations fell under each bound, the last beyond all of them."""

    bounds: tuple[float, ...]
    counts: list[float] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0.0] * (len(self.bounds) + 1)

    def observe(self, value: float, times: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times

    def cumulative(self) -> list[tuple[str, float]]:
        """Return (le, count of all observations up to it), as the format wants it."""
        rows: list[tuple[str, float]] = []
        so_far = 0.0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            so_far += count
            rows.append((_le(bound), so_far))
        return rows


def _le(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(float(bound))


class Meters:
    """Everything that one run of the process has counted; a restart makes new ones, from zero."""

    def __init__(self, started_at: float) -> None:
        self.started_at = started_at
        self._counters: dict[str, dict[tuple[str, ...], float]] = {name: {} for name in COUNTERS}
        self._histograms = {name: Buckets(bounds) for name, (_, bounds) in HISTOGRAMS.items()}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count(self, name: str, by: float, *labels: str) -> None:
        """Add to one series; counting by 0 makes it appear, so that its silence can be measured."""
        series = self._counters[name]
        series[labels] = series.get(labels, 0.0) + by

    def observe(self, name: str, value: float, times: float) -> None:
        self._histograms[name].observe(value, times)

    def value(self, name: str, *labels: str) -> float:
        return self._counters[name].get(labels, 0.0)

    def collect(self) -> Iterator[Metric]:
        for name, (text, label_names) in COUNTERS.items():
            counter = CounterMetricFamily(name, text, labels=label_names)
            for labels, value in self._counters[name].items():
                counter.add_metric(labels, value)
            yield counter
        for name, (text, _) in HISTOGRAMS.items():
            buckets = self._histograms[name]
            histogram = HistogramMetricFamily(name, text)
            histogram.add_metric([], buckets.cumulative(), buckets.total)
            yield histogram
        start = "process_start_time_seconds"
        yield GaugeMetricFamily(start, "When this process began, in seconds since 1970.", self.started_at)

    def readings(self) -> Iterator[Reading]:
        """Every series with its value now, as a scrape would find it."""
        for family in self.collect():
            for sample in family.samples:
                yield sample.name, tuple(sorted(sample.labels.items())), float(sample.value)

    def text(self) -> bytes:
        return generate_latest(self._registry)
