"""Target files: env files of the target systems, read whole and without following anything strange."""

import os
import stat
from pathlib import Path
from typing import Final

CAP: Final = 1024 * 1024


class NotReadable(Exception):  # noqa: N818 - what it is
    """The file cannot be read as an env file; the text says why and what to do."""


def read(path: Path) -> str:
    """The file's text. Blocks for a local file's time only: pipes, devices and links are refused."""
    try:
        # Opened without waiting and without following a link: a pipe in its place would hang the bot for ever.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotReadable(f"{path} does not exist; create it, with the right owner and mode, and empty") from None
    except OSError as trouble:
        why = "it is a symbolic link; name the file itself" if path.is_symlink() else trouble.strerror
        raise NotReadable(f"{path} cannot be read: {why}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NotReadable(f"{path} is not a regular file")
    with os.fdopen(file, "rb") as opened:
        raw = opened.read(CAP + 1)
    if len(raw) > CAP:
        raise NotReadable(f"{path} is longer than 1 MiB, which no env file is")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotReadable(f"{path} is not UTF-8 text") from None
