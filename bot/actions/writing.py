"""Writing a file whole: either the old text or the new one is there, whenever the power goes."""

import os
import stat
from contextlib import suppress
from pathlib import Path


class NotWritten(Exception):  # noqa: N818 - what happened
    """The file is as it was; the text says why and what to do."""


def write_whole(path: Path, text: str) -> None:
    """Replace the text of a regular file, keeping its mode and owner; durable when it returns."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as trouble:
        raise NotWritten(f"{path.parent} cannot be entered: {trouble.strerror}.") from None
    new = f".{path.name}.rollout-new"
    try:
        before = _regular(folder, path)
        # Left behind by a process that was killed; only the holder of the lease writes here.
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        _fill(folder, new, text, before)
        os.replace(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except OSError as trouble:
        with suppress(OSError):
            os.unlink(new, dir_fd=folder)
        raise NotWritten(f"{path} cannot be written: {trouble.strerror}; it is as it was.") from None
    finally:
        os.close(folder)


def _regular(folder: int, path: Path) -> os.stat_result:
    found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        raise NotWritten(f"{path} is a symbolic link; name the file itself.")
    if not stat.S_ISREG(found.st_mode):
        raise NotWritten(f"{path} is not a regular file.")
    return found


def _fill(folder: int, name: str, text: str, like: os.stat_result) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
        # Owner first: changing it takes set-id bits away. Only then may others read.
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
