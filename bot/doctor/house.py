"""The house: what the environment says and which plans there are, for all checks alike."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from bot.doctor.slack import Slack
from bot.domain.plan import Plan
from bot.domain.walking import walk
from bot.plans.faults import PlanError
from bot.plans.loader import load
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed
from bot.settings import Settings

OWN_SECRETS: Final = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_SIGNING_SECRET_OLD",
    "ROLLOUT_DIGEST_KEY",
    "ROLLOUT_ALARM_WEBHOOK_URL",
)
_SHORTEST: Final = 6
HIDDEN: Final = "•••"


class Books(Protocol):
    """What a look into the database told, which changed nothing: `trouble` says why it could not be read.

    `behind` names the revisions that a start would add, `broken` the places at which the ledger does not hold,
    `now` is the database server's time of day (None where it has none of its own).
    """

    @property
    def trouble(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def fresh(self) -> bool: ...
    @property
    def behind(self) -> tuple[str, ...]: ...
    @property
    def triggers(self) -> str: ...
    @property
    def broken(self) -> tuple[str, ...]: ...
    @property
    def records(self) -> int: ...
    @property
    def now(self) -> datetime | None: ...


# Reads the database at an address without changing anything in it.
Librarian = Callable[[str], Awaitable[Books]]


@dataclass(frozen=True)
class House:
    """Everything that checks look at.

    `faults` are the plans that could not be read, by file; `unfit` is what keeps the bot from starting.
    """

    environ: Mapping[str, str] = field(repr=False)
    slack: Slack
    librarian: Librarian
    plans: tuple[Plan, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    unfit: str = ""

    def said(self, variable: str) -> str:
        return self.environ.get(variable, "").strip()

    @property
    def http(self) -> bool:
        """Whether Slack reaches the bot by signed HTTP; otherwise by Socket Mode."""
        return bool(self.said("ROLLOUT_HTTP_PORT"))

    @property
    def database_url(self) -> str:
        return self.said("DATABASE_URL") or str(Settings.model_fields["database_url"].default)

    @property
    def root(self) -> Path:
        return Path(self.said("ROLLOUT_ROOT") or ".")

    @property
    def allowed(self) -> Allowed:
        written = self.said("ROLLOUT_EXECUTABLES")
        names = written.replace(" ", "").split(",") if written else Settings.model_fields["executables"].default
        return Allowed(frozenset(names), self.root.resolve())

    @property
    def guard(self) -> Guard:
        """The same guard that gates and steps have; an unfit ROLLOUT_REACH permits nothing more."""
        try:
            return Guard.of(filter(None, self.said("ROLLOUT_REACH").replace(" ", "").split(",")))
        except ValueError:
            return Guard()

    def unsecret(self, text: str) -> str:
        """The text without any secret of this environment, wherever it came from."""
        for value in self._secrets:
            text = text.replace(value, HIDDEN)
        return text

    @cached_property
    def _secrets(self) -> list[str]:
        """Values of secrets, the longest first, so that none is left in part."""
        named = {name for plan in self.plans for _, part in walk(plan) for name in getattr(part, "secrets", ())}
        values = [self.said(name) for name in (*OWN_SECRETS, *named)]
        values += [urlsplit(value).password or "" for value in self.environ.values() if "://" in value]
        return sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)


def enter(environ: Mapping[str, str], librarian: Librarian, files: tuple[Path, ...] = (), unfit: str = "") -> House:
    """Read the environment, and the plans: the files given, or those of the folder that it names."""
    url = environ.get("SLACK_API_URL") or str(Settings.model_fields["slack_api_url"].default)
    slack = Slack(url, environ.get("SLACK_BOT_TOKEN", "").strip())
    house = House(environ, slack, librarian)
    folder = house.root / (house.said("ROLLOUT_PLANS") or Settings.model_fields["plans"].default)
    plans: list[Plan] = []
    faults: dict[str, str] = {}
    for path in files or sorted(folder.glob("*.yml")):
        try:
            plans.append(load(path, house.root))
        except (PlanError, OSError) as fault:
            faults[path.name] = str(fault).splitlines()[0]
    if not plans and not faults:
        faults[str(folder)] = "there is no plan (*.yml) in this folder"
    return House(environ, slack, librarian, tuple(plans), faults, unfit)
