"""Subprocesses: argument vectors from an allow-list, run without a shell, within a time and an output cap."""

import asyncio
import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

from bot.domain.masking import MASK, masked_argv

CAP: Final = 64 * 1024
GRACE: Final = timedelta(seconds=2)
_TAIL: Final = timedelta(milliseconds=300)
_CHUNK: Final = 64 * 1024
_INHERITED: Final = ("PATH", "HOME", "LANG")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Bytes of the environment that are no UTF-8 come as U+DC80 to U+DCFF and go out as they were; others never do.
_HALF: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_ODD_BYTES: Final = "surrogateescape"
# With these a plan could load its own code into an executable that is allowed.
_LOADER: Final = ("LD_", "DYLD_")
_SHORTEST_LINE: Final = 8
_SHOWN: Final = 300


class NotRun(Exception):  # noqa: N818 - what happened: nothing
    """Nothing was started; the text says why and what to do, and holds no secret."""


@dataclass(frozen=True)
class Allowed:
    """Which executables may run.

    A name without a slash must be listed and is looked up on PATH. A path must be listed in full, or be
    relative and lie below `root`, which is also the folder that commands run in.
    """

    names: frozenset[str]
    root: Path | None = None

    def find(self, executable: str) -> str:
        """The file to execute; raises NotRun for everything that is not allowed or not there."""
        if "/" in executable:
            return self._path(executable)
        if executable not in self.names:
            raise NotRun(f"'{executable}' is not among the allowed executables ({self._listed()})")
        found = shutil.which(executable)
        if found is None:
            raise NotRun(f"'{executable}' is not on the PATH of the bot; install it on this host")
        return found

    def _path(self, executable: str) -> str:
        if executable.startswith("/"):
            if executable not in self.names:
                raise NotRun(f"'{executable}' is not among the allowed executables ({self._listed()})")
            return executable
        if self.root is None:
            raise NotRun(f"'{executable}' is relative, and no folder of plans is set")
        # Resolved, so that neither `..` nor a symbolic link leads out of the folder.
        found = (self.root / executable).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise NotRun(f"'{executable}' leads out of the folder of the plans")
        if not found.is_file():
            raise NotRun(f"'{executable}' is not a file in the folder of the plans")
        return str(found)

    def _listed(self) -> str:
        return ", ".join(sorted(self.names)) or "none is"


@dataclass(frozen=True)
class Wrote:
    """How much one output was in all, and its SHA-256: of the raw bytes, also of those that were not kept."""

    size: int = 0
    sha256: str = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Ran:
    """What became of a command. `exit` is None when it was ended at its timeout; `cut` says that output is missing."""

    exit: int | None
    stdout: str
    stderr: str
    cut: bool = False
    stdout_was: Wrote = Wrote()
    stderr_was: Wrote = Wrote()

    @property
    def last_words(self) -> str:
        """The end of what it said, fit for a sentence."""
        return " ".join((self.stderr.strip() or self.stdout.strip()).split())[-_SHOWN:]


def shown(argv: Sequence[str]) -> str:
    """The command as people read it, without users and passwords in addresses and without what looks secret."""
    return shlex.join(masked_argv(argv)).replace(f"'{MASK}'", MASK)


def written_forms(text: str) -> Iterator[str]:
    """The ways in which programs write a text that they were given: as it is, escaped, quoted, encoded."""
    yield from (text, text.strip(), json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield from (quote(text, "", errors=_ODD_BYTES), quote(text, errors=_ODD_BYTES))
    yield quote_plus(text, errors=_ODD_BYTES)
    yield base64.b64encode(text.encode(errors=_ODD_BYTES)).decode().rstrip("=")


async def run(
    argv: Sequence[str],
    *,
    allowed: Allowed,
    timeout: timedelta,  # noqa: ASYNC109 - the whole group has to be ended, which a cancelled await does not do
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    cap: int = CAP,
    grace: timedelta = GRACE,
    linger: bool = False,
) -> Ran:
    """Run one argument vector to its end, never longer than `timeout` plus `grace`.

    `secrets` are name and value; their values are masked in what comes back. A background process that keeps
    the output open is ended with the command, or left alone where `linger` says so (a restart starts a daemon).
    Raises NotRun when nothing was started.
    """
    command = _Command(tuple(argv), allowed, dict(env or {}), dict(secrets or {}), cap, grace)
    executable = command.check()
    return await command.run(executable, timeout, linger=linger)


@dataclass(frozen=True)
class _Command:
    argv: tuple[str, ...]
    allowed: Allowed
    env: dict[str, str]
    secrets: dict[str, str] = field(repr=False)
    cap: int
    grace: timedelta

    def check(self) -> str:
        if not self.argv or not self.argv[0]:
            raise NotRun("the command is empty")
        given = (*self.argv, *self.env.values(), *self.secrets.values())
        if any("\0" in text or _HALF.search(text) for text in given):
            raise NotRun(f"'{self.argv[0]}' is given a NUL or half of a character, which no command can take")
        for name in (*self.env, *self.secrets):
            if not _NAME.fullmatch(name) or name.startswith(_LOADER):
                raise NotRun(f"the variable '{name}' may not be given to a command")
        return self.allowed.find(self.argv[0])

    async def run(self, executable: str, limit: timedelta, *, linger: bool) -> Ran:
        with ExitStack() as ends:
            out, err = _Kept(self.cap, self._longest()), _Kept(self.cap, self._longest())
            process = await self._start(executable, (out, err), ends)
            exited = asyncio.ensure_future(process.wait())
            try:
                done, _ = await asyncio.wait({exited}, timeout=limit.total_seconds())
                if not done:
                    await _end_group(process.pid, exited, self.grace)
                await asyncio.wait({out.ended, err.ended}, timeout=_TAIL.total_seconds())
                if not (out.closed and err.closed) and not linger:
                    _signal_group(process.pid, signal.SIGKILL)
            finally:
                # Also when the caller is cancelled: a command never outlives the one who waits for it.
                if not exited.done():
                    _signal_group(process.pid, signal.SIGKILL)
                    exited.cancel()
            code = process.returncode if done else None
            said = self._clean(out.kept), self._clean(err.kept)
            return Ran(code, *said, out.over or err.over, out.was, err.was)

    async def _start(
        self, executable: str, kept: tuple["_Kept", "_Kept"], ends: ExitStack
    ) -> asyncio.subprocess.Process:
        # Pipes of our own: their reading ends can be closed while a grandchild still holds the writing ends.
        writing = [await _open_pipe(each, ends) for each in kept]
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        try:
            return await asyncio.create_subprocess_exec(
                executable,
                *self.argv[1:],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing[0],
                stderr=writing[1],
                env={**inherited, **self.env, **self.secrets},
                cwd=self.allowed.root,
                start_new_session=True,
            )
        except OSError as trouble:
            raise NotRun(f"'{self.argv[0]}' could not be started: {trouble.strerror or 'no reason given'}") from None
        finally:
            for each in writing:
                os.close(each)

    def _forms(self) -> Iterator[str]:
        for value in self.secrets.values():
            lines = [line for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE]
            for text in (value, *lines):
                yield from written_forms(text)

    def _masked(self) -> list[bytes]:
        forms = {form.encode(errors=_ODD_BYTES) for form in self._forms() if form.strip()}
        return sorted(forms, key=len, reverse=True)

    def _longest(self) -> int:
        return len(next(iter(self._masked()), b""))

    def _clean(self, raw: bytearray) -> str:
        """Mask every secret that begins before the cap, then cut: no half of one is left at the edge."""
        parts: list[bytes] = []
        at = 0
        if forms := self._masked():
            for found in re.finditer(b"|".join(map(re.escape, forms)), raw):
                if found.start() >= self.cap:
                    break
                parts += [bytes(raw[at : found.start()]), MASK.encode()]
                at = found.end()
        parts.append(bytes(raw[at : self.cap]))
        return b"".join(parts).decode(errors="replace")


class _Kept(asyncio.Protocol):
    """The head of one output; the rest is read and dropped, so that the command does not stand still."""

    def __init__(self, cap: int, longest: int) -> None:
        self.kept = bytearray()
        self.over = False
        self.closed = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._cap, self._room = cap, cap + longest
        self._size = 0
        self._hash = hashlib.sha256()

    @property
    def was(self) -> Wrote:
        return Wrote(self._size, self._hash.hexdigest())

    def data_received(self, data: bytes) -> None:
        self._hash.update(data)
        self.kept += data[: max(0, self._room - len(self.kept))]
        self._size += len(data)
        self.over = self._size > self._cap

    def connection_lost(self, _: Exception | None) -> None:
        self.closed = True
        if not self.ended.done():
            self.ended.set_result(None)


async def _open_pipe(kept: _Kept, ends: ExitStack) -> int:
    reading, writing = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: kept, os.fdopen(reading, "rb", 0))
    ends.callback(transport.close)
    return writing


async def _end_group(group: int, exited: asyncio.Future[int], grace: timedelta) -> None:
    """Ask the whole group to end, then end it; waits for the first of it, and not for ever."""
    _signal_group(group, signal.SIGTERM)
    await asyncio.wait({exited}, timeout=grace.total_seconds())
    # Again in any case: the first may have ended and left others behind.
    _signal_group(group, signal.SIGKILL)
    await asyncio.wait({exited}, timeout=_TAIL.total_seconds())


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
