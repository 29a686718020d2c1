"""What the org-brain does with events: builds, relates, publishes, and counts all of it."""

from collections import defaultdict
from collections.abc import Callable
from math import floor

from sandbox.systems.knobs import Knobs
from sandbox.systems.meters import Meters

ACTIVITIES = ("fetch_pull_request", "update_graph", "render_docs")
PUBLISH = "publish_portal"
EVENT_TYPES = ("pull_request", "release")
WEBHOOK = ("POST", "/webhook/github")

# Nothing here is random: times lie in a narrow band around the knob, so that a gate's answer can be foretold.
BAND = (0.90, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09)

# Sums of small shares fall a hair short of the whole number that they mean.
HAIR = 1e-9


class Workload:
    """The work of one run of the process."""

    def __init__(self, meters: Meters, *, publishes: bool, knobs: Callable[[], Knobs]) -> None:
        self.meters = meters
        self.publishes = publishes
        self._knobs = knobs
        self._begun: defaultdict[str, float] = defaultdict(float)
        self._wrong: defaultdict[str, float] = defaultdict(float)
        self._turn = 0
        self._appear()

    def take(self, event_type: str, amount: float) -> None:
        """Work on this many events; what is less than a whole event waits for the next call."""
        self._begun[event_type] += amount
        whole = floor(self._begun[event_type] + HAIR)
        self._begun[event_type] -= whole
        self._wrong[event_type] += whole * self._knobs().error_rate
        errors = min(whole, floor(self._wrong[event_type] + HAIR))
        self._wrong[event_type] -= errors
        self._count(event_type, whole - errors, errors)
        self._spread(whole)

    def _appear(self) -> None:
        for event_type in EVENT_TYPES:
            self._count(event_type, 0, 0)
        self.meters.count("temporal_activity_executions", 0, PUBLISH, "completed")

    def _count(self, event_type: str, good: int, bad: int) -> None:
        count = self.meters.count
        count("codex_events_processed", good, event_type, "ok")
        count("codex_events_processed", bad, event_type, "error")
        count("guard_api_requests", good, *WEBHOOK, "200")
        count("guard_api_requests", bad, *WEBHOOK, "500")
        for name in ("codex_docs_generated", "codex_graph_updates"):
            count(name, good, "ok")
            count(name, bad, "error")
        for activity in ACTIVITIES:
            count("temporal_activity_executions", good, activity, "completed")
            count("temporal_activity_executions", bad, activity, "failed")
        count("temporal_workflow_executions", good, "completed")
        count("temporal_workflow_executions", bad, "failed")
        if self.publishes:
            count("temporal_activity_executions", good, PUBLISH, "completed")

    def _spread(self, whole: int) -> None:
        knobs = self._knobs()
        each, rest = divmod(whole, len(BAND))
        for place, factor in enumerate(BAND):
            times = each + ((place - self._turn) % len(BAND) < rest)
            if times:
                observe = self.meters.observe
                observe("guard_api_request_duration_seconds", factor * knobs.latency_ms / 1000, times)
                observe("codex_docs_freshness_seconds", factor * knobs.freshness_s, times)
        self._turn = (self._turn + rest) % len(BAND)
