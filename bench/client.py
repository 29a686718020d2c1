"""The client of the benchmarks: `python -m bench.client` sends what it reads on stdin and times the answers.

A job is one JSON line: the port, and for every connection the requests that it sends one after another. All of them
are bytes before the clock starts. The answer is one JSON line: seconds in all, milliseconds of each, bodies by count.
"""

import asyncio
import base64
import json
import sys
import time
from collections import Counter
from typing import Any


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes]) -> None:
        self._requests = iter(requests)
        self._buffer = b""
        self._sent = 0.0
        self.took: list[float] = []
        self.answers: Counter[str] = Counter()
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        if len(rest) < length:
            return
        self.took.append((time.perf_counter() - self._sent) * 1000)
        self.answers[f"{head[9:12].decode()} {rest[:18].decode(errors='replace')}"] += 1
        self._buffer = b""
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


async def _run(job: dict[str, Any]) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    connections = []
    for requests in job["connections"]:
        raw = [base64.b64decode(each) for each in requests]
        _, made = await loop.create_connection(lambda raw=raw: _Connection(raw), "127.0.0.1", job["port"])  # type: ignore[misc]
        connections.append(made)
    began = time.perf_counter()
    for each in connections:
        each.send()
    await asyncio.gather(*(each.done for each in connections))
    seconds = time.perf_counter() - began
    answers: Counter[str] = Counter()
    for each in connections:
        answers += each.answers
    return {"seconds": seconds, "took": [ms for each in connections for ms in each.took], "answers": dict(answers)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_run(json.loads(line)))), flush=True)
