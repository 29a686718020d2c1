"""Alive: a lock on a file beside the database, which the operating system frees when its process dies."""

import fcntl
import os
from pathlib import Path


class Alive:
    """Says to other processes on this host that this one lives. Child programs do not inherit it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Whether the lock is ours now; False while another living process has it."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def free(self) -> bool:
        """Whether nobody has the lock. It is held for an instant to find out; who tries just then, tries again."""
        if self._file is not None:
            return False
        try:
            file = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(file)

    def drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
