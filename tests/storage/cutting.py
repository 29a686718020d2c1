"""Cutting: a proxy before a PostgreSQL server's socket that cuts the line before or after a COMMIT gets through."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

SOCKET = ".s.PGSQL.5432"


@dataclass
class Cutting:
    """Listens in `folder`, passes on to the server in `behind`. `cut` is "before", "after" or "" for the next COMMIT.

    "before": the COMMIT never reaches the server. "after": it does, its answer never comes back. `deaf`: nobody who
    connects after a cut is let in.
    """

    behind: Path
    folder: Path
    cut: str = ""
    cuts: int = 0
    deaf: bool = False
    mute: bool = False
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.folder / SOCKET)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self.deaf:
            back.transport.abort()
            return
        there, forth = await asyncio.open_unix_connection(self.behind / SOCKET)
        passing = [asyncio.create_task(self._pass(there, back)), asyncio.create_task(self._watch(here, forth))]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in passing:
                each.cancel()
            back.transport.abort()
            forth.transport.abort()
            await asyncio.gather(*passing, return_exceptions=True)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while sent := await source.read(65536):
            sink.write(sent)
            await sink.drain()

    async def _watch(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while sent := await source.read(65536):
            ours = b"COMMIT" in sent and self.cut
            if not ours:
                sink.write(sent)
                await sink.drain()
                continue
            self.cut, self.cuts = "", self.cuts + 1
            if ours == "after":
                sink.write(sent)
                with contextlib.suppress(ConnectionError):
                    await sink.drain()
            elif ours == "midst":
                sink.write(sent[: len(sent) // 2])
                await sink.drain()
            return
