"""What the sample systems need to know of time."""

from datetime import datetime
from typing import Protocol


class Moments(Protocol):
    """A clock that may run faster than the wall's; `sandbox.clock.SandboxClock` is one."""

    @property
    def speed(self) -> float: ...

    def now(self) -> datetime: ...
