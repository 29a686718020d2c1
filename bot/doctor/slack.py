"""Slack as the doctor asks it: one question of the Web API, its answer with scopes and time of day."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from bot.jobs.clock import WallClock

_WAIT: Final = aiohttp.ClientTimeout(total=8)
_PAGE: Final = 1000
_PAGES: Final = 20


class NoAnswer(Exception):  # noqa: N818 - what happened
    """Slack did not answer in a way that can be read; the text says how, and holds no token."""


class SlackSaysNo(Exception):  # noqa: N818 - what happened
    """Slack refused the question; `error` is its word, `needed` the scope that was missing."""

    def __init__(self, method: str, said: Mapping[str, Any]) -> None:
        self.method, self.error, self.needed = method, str(said.get("error")), str(said.get("needed") or "")
        super().__init__(f"{method}: {self.error}" + (f" ({self.needed})" if self.needed else ""))


@dataclass(frozen=True)
class Answer:
    """What Slack said. `ahead` is how far the host's clock is ahead of Slack's, where its header tells."""

    data: Mapping[str, Any]
    scopes: frozenset[str] | None
    ahead: timedelta | None


@dataclass
class Slack:
    """Asks the Web API at `url`. `whoami` and the lists are read once, whoever asks for them."""

    url: str
    token: str = field(repr=False)
    clock: WallClock = field(default_factory=WallClock)
    _once: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)

    async def ask(self, method: str, token: str | None = None, **given: object) -> Answer:
        """One question. A no from Slack is an answer too: look at `data["ok"]`. Raises NoAnswer."""
        address = f"{self.url.rstrip('/')}/{method}"
        form = {name: str(value) for name, value in given.items() if value is not None}
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=_WAIT, trust_env=True) as session,
                session.post(address, data=form, headers=headers, allow_redirects=False) as got,
            ):
                return self._read(method, got.status, await got.read(), got.headers)
        except TimeoutError:
            raise NoAnswer(f"{method} got no answer from Slack within {_WAIT.total:g} s") from None
        except (aiohttp.ClientError, ValueError, OSError) as trouble:
            raise NoAnswer(f"{method} could not reach Slack ({type(trouble).__name__})") from None

    def _read(self, method: str, status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise NoAnswer(f"{method}: what answers with status {status} is not Slack")
        granted = headers.get("X-OAuth-Scopes")
        scopes = None if granted is None else frozenset(filter(None, granted.replace(" ", "").split(",")))
        return Answer(data, scopes, self._ahead(headers.get("Date", "")))

    def _ahead(self, date: str) -> timedelta | None:
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return None
        # The header has whole seconds: on average the moment is half a second later.
        return self.clock.real() - told.astimezone(UTC) - timedelta(milliseconds=500)

    async def get(self, method: str, **given: str | bool | None) -> Mapping[str, Any]:
        """What Slack says, when it says yes; raises SlackSaysNo and NoAnswer."""
        data = (await self.ask(method, None, **given)).data
        if data.get("ok") is not True:
            raise SlackSaysNo(method, data)
        return data

    async def whoami(self) -> Answer:
        """auth.test, asked once."""
        answer: Answer = await self._shared("auth.test", self.ask("auth.test"))
        return answer

    async def channels(self) -> list[Mapping[str, Any]]:
        """Every channel that the bot can see, archived ones too."""
        found: list[Mapping[str, Any]] = await self._shared("channels", self._channels())
        return found

    async def groups(self) -> list[Mapping[str, Any]]:
        """Every user group, disabled ones too."""
        found: list[Mapping[str, Any]] = await self._shared("groups", self._groups())
        return found

    async def _channels(self) -> list[Mapping[str, Any]]:
        return [row async for row in self._paged("conversations.list", "channels")]

    async def _groups(self) -> list[Mapping[str, Any]]:
        return list((await self.get("usergroups.list", include_disabled=True)).get("usergroups") or ())

    async def _paged(self, method: str, key: str) -> AsyncIterator[Mapping[str, Any]]:
        cursor = None
        for _ in range(_PAGES):
            page = await self.get(method, types="public_channel,private_channel", limit=str(_PAGE), cursor=cursor)
            for row in page.get(key) or ():
                yield row
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return

    async def _shared(self, name: str, asking: Any) -> Any:  # noqa: ANN401 - as wide as the questions
        if name in self._once:
            asking.close()
        else:
            self._once[name] = asyncio.ensure_future(asking)
        # Shielded: one check that runs out of time takes nothing from the others.
        return await asyncio.shield(self._once[name])
