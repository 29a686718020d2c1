"""The bot as a process of its own: started, listened to, started again when it dies, ended by its pid."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.tether import tethered

LOUD = re.compile(r"\b(warn(ing)?|critical|fatal|traceback)\b|(error|exception)\b", re.IGNORECASE)
LAST_LINES = 20
AGAIN_AFTER = 1.0
ENDS_WITHIN = 5.0
CHUNK = 65536


@dataclass(frozen=True)
class Program:
    """What to run, where, and with which environment."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@dataclass
class BotProcess:
    """One bot; `say` is told what a person at the terminal should read."""

    program: Program
    log: Path
    say: Callable[[str], None]
    again: bool = True
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    process: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None
    _watching: asyncio.Task[None] | None = None
    _shows: bool = False

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.alive else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *tethered(self.program.argv),
            cwd=self.program.folder,
            env=dict(self.program.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C is for the sandbox; the bot is then asked to end, once.
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._listen(self.process))

    async def heard_out(self) -> None:
        """Wait until everything that a dead bot wrote has been read."""
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=1)

    def watch(self) -> None:
        """From now on tell when it dies, and start it again unless that is not wanted."""
        self._watching = asyncio.create_task(self._watch())

    async def end(self) -> None:
        """Ask the bot to end; insist after five seconds."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        process = self.process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), ENDS_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _watch(self) -> None:
        while self.process is not None:
            code = await self.process.wait()
            await self.heard_out()
            why = f"signal {-code}" if code < 0 else f"exit code {code}"
            if not self.again:
                self.say(f"The bot has died ({why}); it stays so.")
                return
            self.say(f"The bot has died ({why}); it is started again in {AGAIN_AFTER:g} s.")
            await asyncio.sleep(AGAIN_AFTER)
            await self.start()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        if stream is None:
            return
        with self.log.open("ab") as log:
            rest = b""
            while chunk := await stream.read(CHUNK):
                log.write(chunk)
                log.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._hear(line.decode("utf-8", "replace"))
            if rest:
                self._hear(rest.decode("utf-8", "replace"))

    def _hear(self, line: str) -> None:
        self.last_lines.append(line)
        # What is indented belongs to the line before it: a traceback is shown to its end.
        self._shows = bool(LOUD.search(line)) or (self._shows and line.startswith((" ", "\t")))
        if self._shows:
            self.say(f"bot | {line}")
