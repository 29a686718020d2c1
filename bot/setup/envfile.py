"""The bot's env file: made whole, for its owner alone, and never over another one without being told."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_OWNER_ONLY: Final = 0o600


class NotWritten(Exception):  # noqa: N818 - what happened: nothing
    """The file is as it was; the text says why and what to do."""


def check_free(path: Path, *, force: bool) -> None:
    """Raise NotWritten where `write` would, before anybody is asked for anything."""
    if path.is_symlink():
        raise NotWritten(f"{path} is a symbolic link; name the file itself")
    if not path.parent.is_dir():
        raise NotWritten(f"{path.parent} is not a folder; make it first")
    if path.exists() and not path.is_file():
        raise NotWritten(f"{path} is not a regular file; name another one")
    if path.exists() and not force:
        raise NotWritten(f"{path} is there already; name another file, or write over it with --force")


def write(path: Path, values: Mapping[str, str], *, force: bool) -> None:
    """Write `KEY=VALUE` lines with mode 0600: the old file or the whole new one is there, whenever power goes."""
    check_free(path, force=force)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _put(beside, "".join(f"{name}={value}\n" for name, value in values.items()))
        if force:
            os.replace(beside, path)  # noqa: PTH105 - a link in its place is replaced, not followed, in either form
        else:
            # Unlike a rename this fails when somebody made the file meanwhile.
            os.link(beside, path)
    except FileExistsError:
        raise NotWritten(f"{path} is there already; name another file, or write over it with --force") from None
    except OSError as trouble:
        raise NotWritten(f"{path} cannot be written: {trouble.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    _settle(path.parent)


def _put(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ONLY)
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(file)


def _settle(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
