"""Keeping: bundles on the host's disk, each in a new folder, never overwritten, with no link followed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.evidence.bundle import Bundle

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SAME_SECOND: Final = 1000


class NotKept(Exception):  # noqa: N818 - what happened
    """The bundle could not be kept; the text says why and what to do."""


@dataclass(frozen=True)
class Shelf:
    """The folder under which bundles are kept, as `<plan>/<rollout>/<moment>/<rollout>.zip`."""

    root: Path

    def keep(self, bundle: Bundle, at: datetime) -> Path:
        """Write the bundle, durable when it returns; answers its path below the root. Blocks while the disk does."""
        for name in (bundle.plan, bundle.rollout):
            if not _NAME.fullmatch(name):
                raise NotKept(f"'{name[:40]}' cannot name a folder.")
        moment = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (
                _opened(str(self.root), None) as root,
                _made(bundle.plan, root) as plan,
                _made(bundle.rollout, plan) as rollout,
            ):
                return Path(bundle.plan, bundle.rollout, _written(bundle, moment, rollout), f"{bundle.rollout}.zip")
        except OSError as trouble:
            why = trouble.strerror or "no reason given"
            raise NotKept(f"{self.root} cannot keep evidence: {why}; see its owner, its mode and its links.") from None


def _written(bundle: Bundle, moment: str, rollout: int) -> str:
    """The name of the new folder, in which the zip and its hash then lie."""
    name = _new_folder(moment, rollout)
    with _opened(name, rollout) as folder:
        _write(f"{bundle.rollout}.zip", bundle.raw, folder)
        _write(f"{bundle.rollout}.zip.sha256", f"{bundle.sha256}  {bundle.rollout}.zip\n".encode(), folder)
        os.fsync(folder)
    os.fsync(rollout)
    return name


def _new_folder(moment: str, parent: int) -> str:
    for number in range(1, _SAME_SECOND):
        name = moment if number == 1 else f"{moment}-{number}"
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
            return name
    raise FileExistsError(None, "too many bundles of this very second")


def _write(name: str, raw: bytes, folder: int) -> None:
    with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _opened(name: str, parent: int | None) -> Iterator[int]:
    folder = os.open(name, _FOLDER, dir_fd=parent)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _made(name: str, parent: int) -> Iterator[int]:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.fsync(parent)
    with _opened(name, parent) as folder:
        yield folder
