"""Actions: the only code that changes production.

One file per kind of step; ACTIONS maps the kind in a plan to its adapter. Every adapter says how what stands now is
sealed, how the effect is read back, and whether a repeat does harm. Effects are read back through the Probes port
that is handed in; what judges a phase, storage and Slack have no business here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from bot.actions.by_hand import ByHand
from bot.actions.command import Command
from bot.actions.deploy import Deploy, Revert
from bot.actions.flags import Flags
from bot.actions.http import HttpRequest
from bot.actions.scene import Adapter
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep

# Each adapter takes the one class that it stands beside; the map cannot say that in types.
ACTIONS: Final[Mapping[type, Adapter[Any]]] = MappingProxyType(
    {
        FlagsStep: Flags(),
        DeployStep: Deploy(),
        RevertStep: Revert(),
        CommandStep: Command(),
        HttpStep: HttpRequest(),
        ByHandStep: ByHand(),
    }
)
