"""The knobs with which a person or a test makes the org-brain slow, wrong or silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from sandbox.targets import TargetRefused


@dataclass(frozen=True)
class Knobs:
    """How the org-brain misbehaves; the defaults are a healthy one."""

    error_rate: float = 0.004
    latency_ms: float = 180.0
    freshness_s: float = 2.4
    down: bool = False
    refuse: bool = False
    hang: bool = False
    silent_metrics: bool = False
    ignore_restart: bool = False
    wrong_flags: dict[str, str] = field(default_factory=dict)

    @property
    def sick(self) -> bool:
        """True while the process runs but does no work and answers nothing useful."""
        return self.down or self.refuse or self.hang

    def turned(self, given: Mapping[str, object]) -> "Knobs":
        """Return these knobs with the given ones set; raise TargetRefused for an unknown name or a bad value."""
        known = {knob.name for knob in fields(self)}
        changes: dict[str, object] = {}
        for name, value in given.items():
            if name not in known:
                raise TargetRefused(f"there is no knob {name!r}; the knobs are {', '.join(sorted(known))}")
            changes[name] = _checked(name, value)
        return replace(self, **changes)  # type: ignore[arg-type] # each value was checked for its knob


def _checked(name: str, value: object) -> object:
    if name == "wrong_flags":
        if not isinstance(value, Mapping):
            raise TargetRefused("wrong_flags is an object of KEY: VALUE")
        return {str(key): str(text) for key, text in value.items()}
    if name in {"error_rate", "latency_ms", "freshness_s"}:
        return _number(name, value)
    if not isinstance(value, bool):
        raise TargetRefused(f"{name} is true or false")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TargetRefused(f"{name} is a number")
    top = 1.0 if name == "error_rate" else 1_000_000.0
    if not 0 <= value <= top:
        raise TargetRefused(f"{name} lies between 0 and {top:g}")
    return float(value)
