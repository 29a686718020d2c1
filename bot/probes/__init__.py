"""Probes: what reads the world. Nothing here can change production, and nothing here judges.

One file per kind of probe; PROBES maps the kind in a plan to its adapter. No adapter raises for what it cannot
read: `reader` turns that into a reading without a value. Actions, storage and Slack have no business here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from bot.domain.probes import AttestProbe, CommandProbe, EnvProbe, HttpProbe, PrometheusProbe
from bot.probes.attest import Attested
from bot.probes.command import CommandOutput
from bot.probes.env import Environment
from bot.probes.http import HttpAnswer
from bot.probes.prometheus import PrometheusAnswer
from bot.probes.scene import Adapter

# Each adapter takes the one class that it stands beside; the map cannot say that in types.
PROBES: Final[Mapping[type, Adapter[Any]]] = MappingProxyType(
    {
        HttpProbe: HttpAnswer(),
        PrometheusProbe: PrometheusAnswer(),
        EnvProbe: Environment(),
        CommandProbe: CommandOutput(),
        AttestProbe: Attested(),
    }
)
