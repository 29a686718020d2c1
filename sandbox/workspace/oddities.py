"""Oddities: what is wrong with a workspace from its start, so that `rollout doctor` has something to find."""

import time
from dataclasses import dataclass, replace
from email.utils import formatdate

from aiohttp import web

from sandbox.workspace.grants import Grants
from sandbox.workspace.memory import Memory


class Unknown(Exception):  # noqa: N818 - an answer for the person at the terminal
    """There is no such thing that could be left out; the text names those that are there."""


@dataclass(frozen=True)
class Oddities:
    """`clock_off` is how many seconds the host's clock seems to be ahead of Slack's; `free_plan` has no user groups."""

    without_scopes: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    clock_off: float = 0.0
    free_plan: bool = False

    def granted(self, grants: Grants) -> Grants:
        """What is left of the scopes; raises Unknown."""
        _known(self.without_scopes, grants.scopes, "scope")
        return replace(grants, scopes=grants.scopes - set(self.without_scopes))

    def leave_out(self, memory: Memory) -> None:
        """Take the user groups out; raises Unknown."""
        handles = {group.handle: name for name, group in memory.groups.items()}
        _known(self.without_groups, handles, "user group")
        for handle in self.without_groups:
            del memory.groups[handles[handle]]

    async def date(self, request: web.Request, response: web.StreamResponse) -> None:
        """Slack's clock, as it stands in the header of each of its answers."""
        if request.path.startswith("/api/"):
            response.headers["Date"] = formatdate(time.time() - self.clock_off, usegmt=True)


def _known(named: tuple[str, ...], there: "frozenset[str] | dict[str, str]", what: str) -> None:
    for name in named:
        if name not in there:
            raise Unknown(f"there is no {what} {name} here; there are: {', '.join(sorted(there))}")
