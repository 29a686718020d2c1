"""Queries give what Prometheus gives: extrapolated rates, resets, NaN, and emptiness for what is unknown."""

import math
from typing import Any

import pytest

from sandbox.systems.evaluate import bucket_quantile, evaluate, increase
from sandbox.systems.history import History
from sandbox.systems.prometheus import written
from sandbox.systems.promql import parse
from sandbox.systems.promql_tree import NotModelledError, QuerySyntaxError

NOW = 1_800_000_000.0
OK = (("event_type", "pull_request"), ("status", "ok"))
BAD = (("event_type", "pull_request"), ("status", "error"))
RELEASE = (("event_type", "release"), ("status", "ok"))


def _history() -> History:
    """Ten minutes, scraped every 10 s: 5 good, 1 bad and 2 release events per second; nothing else moves."""
    history = History()
    for step in range(61):
        passed = 10.0 * step
        history.record(
            NOW - 600 + passed,
            [
                ("e_total", OK, 1000 + 5 * passed),
                ("e_total", BAD, 1000 + passed),
                ("e_total", RELEASE, 1000 + 2 * passed),
                ("still_total", (), 7.0),
                ("d_bucket", (("le", "0.1"),), 100 + 3 * passed),
                ("d_bucket", (("le", "0.5"),), 100 + 9 * passed),
                ("d_bucket", (("le", "+Inf"),), 100 + 10 * passed),
                ("up", (("job", "guard-codex"),), 1.0),
            ],
            life="one",
        )
    return history


HISTORY = _history()

# Each query with its one value. Scrapes lie on the window's end, and its begin is 10 s after one that is outside.
VALUES = [
    ("sum(rate(e_total[5m]))", 8.0),
    ('sum(rate(e_total{status="error"}[5m]))', 1.0),
    ('sum(rate(e_total{status!="error"}[5m]))', 7.0),
    ('sum(rate(e_total{status=~"ok|error"}[5m]))', 8.0),
    ('sum(rate(e_total{status=~"o"}[5m])) or vector(-1)', -1.0),
    ('sum(rate(e_total{status!~"ok"}[5m]))', 1.0),
    ('sum(rate(e_total{status="ok", event_type="release"}[5m]))', 2.0),
    ("sum(rate(e_total{}[5m]))", 8.0),
    ("sum(increase(e_total[5m]))", 2400.0),
    ("sum(increase(e_total[60s]))", 480.0),
    ("sum(increase(e_total[1m30s]))", 720.0),
    ("sum(increase(still_total[5m]))", 0.0),
    ("sum(rate(e_total[5m] offset 2m))", 8.0),
    ('sum(rate(e_total{status="error"}[5m])) / sum(rate(e_total[5m]))', 0.125),
    ('100 * (sum(rate(e_total{status="error"}[5m])) / sum(rate(e_total[5m])))', 12.5),
    ('100*sum(rate(e_total{status="error"}[5m]))/sum(rate(e_total[5m]))', 12.5),
    ('1 - sum(rate(e_total{status="error"}[5m])) / sum(rate(e_total[5m]))', 0.875),
    ("sum(e_total)", 3000 + 8 * 600.0),
    ('e_total{status="error"}', 1600.0),
    ('sum(e_total{status="error"}) - 600', 1000.0),
    ("up", 1.0),
    ('sum(up{job="guard-codex"})', 1.0),
    ("-sum(up)", -1.0),
    ("2 ^ 3 * sum(up)", None),
    ("sum(up) > 0", 1.0),
    ("count(rate(e_total[5m]))", 3.0),
    ("max(rate(e_total[5m]))", 5.0),
    ("min(rate(e_total[5m]))", 1.0),
    ("histogram_quantile(0.3, sum by (le) (rate(d_bucket[5m])))", 0.1),
    ("histogram_quantile(0.6, sum by (le) (rate(d_bucket[5m])))", 0.3),
    ("histogram_quantile(0.6, sum(rate(d_bucket[5m])) by (le))", 0.3),
    ("histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m])))", 0.5),
    ("max_over_time(up[5m])", 1.0),
    ("sum(rate(still_total[5m])) / sum(rate(still_total[5m]))", math.nan),
    ("sum(rate(e_total[5m])) / sum(rate(still_total[5m]))", math.inf),
    ("# a remark\nsum(up)", 1.0),
]


@pytest.mark.parametrize(("query", "expected"), VALUES)
def test_a_query_has_the_value_that_prometheus_gives(query: str, expected: float | None) -> None:
    if expected is None:
        with pytest.raises(NotModelledError):
            evaluate(parse(query), HISTORY, NOW)
        return
    found: Any = evaluate(parse(query), HISTORY, NOW)

    assert len(found) == 1
    assert found[0].value == pytest.approx(expected, nan_ok=True)


EMPTY = [
    "unknown_total",
    "sum(unknown_total)",
    "sum(rate(unknown_total[5m]))",
    "sum(rate(unknown_total[5m])) / sum(rate(e_total[5m]))",
    "100 * sum(rate(e_total[5m])) / sum(rate(unknown_total[5m]))",
    "histogram_quantile(0.95, sum by (le) (rate(unknown_bucket[5m])))",
    'e_total{status="nobody"}',
    "sum(rate(e_total[5s]))",
    "sum(up) > 1",
    "up offset 1h",
]


@pytest.mark.parametrize("query", EMPTY)
def test_what_nobody_measured_is_empty(query: str) -> None:
    assert evaluate(parse(query), HISTORY, NOW) == []


BROKEN = [
    "",
    "sum(",
    "sum(rate(e_total[5m])",
    "sum(rate(e_total[5m])))",
    "e_total{status=ok}",
    'e_total{status=="ok"}',
    "e_total[5]",
    "e_total[5m",
    "rate(e_total)",
    "1 +",
    "e_total e_total",
    'e_total{status=~"("}',
    "sum(e_total)[5m]",
    "; drop",
    'e_total{status="ok}',
    "5mm",
]


@pytest.mark.parametrize("query", BROKEN)
def test_what_is_no_promql_is_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError, match="parse error"):
        parse(query)


BEYOND = [
    "topk(3, e_total)",
    "deriv(e_total[5m])",
    "rate(e_total[5m:10s])",
    "sum(e_total) and on(job) up",
    "e_total @ 1",
    '{job="x"}',
    "e_total[5m]",
    '"text"',
]


@pytest.mark.parametrize("query", BEYOND)
def test_promql_beyond_this_model_is_no_syntax_error(query: str) -> None:
    with pytest.raises(NotModelledError):
        evaluate(parse(query), HISTORY, NOW)


def test_a_reset_counts_what_came_after_it_and_never_runs_backwards() -> None:
    points = [(0.0, 100.0), (10.0, 110.0), (20.0, 4.0), (30.0, 14.0)]

    assert increase(points, 0.0, 30.0) == pytest.approx(10 + 4 + 10)


def test_the_borders_are_extrapolated_by_half_a_step_at_most_and_never_below_zero() -> None:
    far = [(100.0, 50.0), (110.0, 60.0), (120.0, 70.0)]
    young = [(100.0, 1.0), (110.0, 11.0), (120.0, 21.0)]

    assert increase(far, 0.0, 200.0) == pytest.approx(20 * (20 + 5 + 5) / 20)
    assert increase(far, 95.0, 122.0) == pytest.approx(20 * (20 + 5 + 2) / 20)
    assert increase(young, 95.0, 120.0) == pytest.approx(20 * (20 + 1) / 20)


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)]])
def test_one_sample_is_no_rate(points: list[tuple[float, float]]) -> None:
    assert increase(points, 0.0, 60.0) is None


INF = math.inf
QUANTILES = [
    (0.5, [(1.0, 50.0), (2.0, 100.0), (INF, 100.0)], 1.0),
    (0.75, [(1.0, 50.0), (2.0, 100.0), (INF, 100.0)], 1.5),
    (0.25, [(1.0, 50.0), (2.0, 100.0), (INF, 100.0)], 0.5),
    (0.99, [(1.0, 50.0), (2.0, 60.0), (INF, 100.0)], 2.0),
    (0.9, [(1.0, 0.0), (INF, 0.0)], math.nan),
    (0.9, [(1.0, 5.0), (2.0, 6.0)], math.nan),
    (0.9, [(INF, 6.0)], math.nan),
    (-0.1, [(1.0, 5.0), (INF, 6.0)], -INF),
    (1.1, [(1.0, 5.0), (INF, 6.0)], INF),
]


@pytest.mark.parametrize(("q", "buckets", "expected"), QUANTILES)
def test_quantiles_lie_where_the_buckets_put_them(
    q: float, buckets: list[tuple[float, float]], expected: float
) -> None:
    assert bucket_quantile(q, buckets) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.004, "0.004"), (7.0, "7"), (1e-07, "0.0000001"), (1.5e21, "1500000000000000000000"), (-2.5, "-2.5")],
)
def test_numbers_are_written_without_exponent(value: float, text: str) -> None:
    assert written(value) == text


def test_what_is_no_number_is_written_as_prometheus_writes_it() -> None:
    assert [written(value) for value in (math.nan, INF, -INF)] == ["NaN", "+Inf", "-Inf"]


def test_a_series_that_went_away_is_gone_at_once() -> None:
    history = History()
    history.record(NOW - 10, [("x", (), 1.0)], life="one")
    history.record(NOW, [], life=None)

    assert evaluate(parse("x"), history, NOW - 5)
    assert evaluate(parse("x"), history, NOW + 1) == []


def test_a_jump_is_drawn_as_a_line_but_not_across_a_restart() -> None:
    history = History()
    history.record(NOW, [("x", (), 0.0)], life="one")
    history.record(NOW + 3600, [("x", (), 3600.0)], life="one")
    history.record(NOW + 7200, [("x", (), 0.0)], life="two")

    assert evaluate(parse("rate(x[5m])"), history, NOW + 1800)[0].value == pytest.approx(1.0)  # type: ignore[index]
    assert evaluate(parse("rate(x[5m])"), history, NOW + 7000) == []
