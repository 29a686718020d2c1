"""Alarms: mail and webhook for troubles that Slack cannot tell of; told once, and once more when they are over."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
import aiosmtplib
import structlog

from bot.ports import Busy, Clock, Kept, LostLease

log: Final = structlog.get_logger()
TRIES: Final = 8
FIRST_PAUSE: Final = 2.0
MOST_PAUSE: Final = 300.0
ANSWERS_WITHIN: Final = 10.0
STANDING: Final = "standing"


class NotTaken(Exception):  # noqa: N818 - what happened
    """The alarm was not taken; the text names no address and holds no secret."""


@dataclass(frozen=True)
class Alert:
    """What is told: which trouble, whether it stands or is over, and in what words."""

    name: str
    state: str
    text: str
    at: str


class Channel(Protocol):
    """One way to reach people. Raises NotTaken."""

    async def tell(self, alert: Alert) -> None: ...


@dataclass(frozen=True)
class Mail:
    """`url` is smtp://[user:password@]host[:port], with TLS where it is offered, or smtps:// with TLS at once."""

    url: str
    sender: str
    recipient: str

    async def tell(self, alert: Alert) -> None:
        server, message = urlsplit(self.url), EmailMessage()
        message["From"], message["To"] = self.sender, self.recipient
        message["Subject"] = f"[rollout] {alert.name}: {alert.state}"
        message.set_content(f"{alert.text}\n\n{alert.at}\n")
        try:
            await aiosmtplib.send(message, timeout=ANSWERS_WITHIN, **_smtp(server))
        except (aiosmtplib.SMTPException, OSError, ValueError) as no:
            raise NotTaken(f"mail: {type(no).__name__}") from None


def _smtp(server: SplitResult) -> dict[str, Any]:
    tls = server.scheme == "smtps"
    return {
        "hostname": server.hostname,
        "port": server.port or (465 if tls else 587),
        "username": unquote(server.username) if server.username else None,
        "password": unquote(server.password) if server.password else None,
        "use_tls": tls,
    }


@dataclass(frozen=True)
class Webhook:
    """A JSON object by POST; no redirect is followed, and the address is shown nowhere."""

    url: str

    async def tell(self, alert: Alert) -> None:
        told = {"name": alert.name, "state": alert.state, "text": alert.text, "at": alert.at}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN)) as session,
                session.post(self.url, json=told, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as no:
            raise NotTaken(f"webhook: {type(no).__name__}") from None
        if not 200 <= status < 300:  # noqa: PLR2004 - the class of success
            raise NotTaken(f"webhook: {status}")


@dataclass
class Alarms:
    """Troubles by name. Neither call waits or raises; what is told is told in order, and tried a number of times."""

    channels: Sequence[Channel]
    kept: Kept
    clock: Clock
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _running: "set[asyncio.Task[None]]" = field(default_factory=set)

    def trouble(self, name: str, text: str) -> None:
        """It stands; told once, also over restarts, until it is over."""
        log.error("trouble", trouble=name, text=text)
        self._run(self._tell(name, STANDING, text))

    def over(self, name: str, text: str) -> None:
        """It is over; told only to whom it was told of."""
        self._run(self._tell(name, "over", text))

    async def close(self) -> None:
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _tell(self, name: str, state: str, text: str) -> None:
        async with self._order:
            stands = await self._told(name) == STANDING
            if stands == (state == STANDING):
                return
            if state != STANDING:
                log.info("trouble.over", trouble=name, text=text)
            alert = Alert(name, state, text, self.clock.real().isoformat(timespec="seconds"))
            taken = await asyncio.gather(*(self._insist(channel, alert) for channel in self.channels))
            # What nobody took has told nobody: it is told when it comes up again, such as after a restart.
            if any(taken) or not self.channels:
                await self._note(name, state)

    async def _insist(self, channel: Channel, alert: Alert) -> bool:
        """Whether it was taken in the end."""
        for attempt in range(TRIES):
            try:
                await channel.tell(alert)
            except NotTaken as no:
                log.warning("alarm.not-taken", trouble=alert.name, why=str(no), attempt=attempt + 1)
                await self.clock.sleep(min(FIRST_PAUSE * 2**attempt, MOST_PAUSE))
            else:
                return True
        return False

    async def _told(self, name: str) -> str:
        try:
            return await self.kept.get(f"trouble:{name}") or ""
        except (Busy, LostLease):
            return ""

    async def _note(self, name: str, state: str) -> None:
        try:
            await self.kept.put(f"trouble:{name}", state)
        except (Busy, LostLease) as why:
            log.warning("alarm.not-noted", trouble=name, why=str(why))
