"""A tether: a program started through it does not outlive the sandbox, even one that was killed with -9."""

import functools
import shutil
import subprocess
from collections.abc import Sequence


def tethered(argv: Sequence[str]) -> list[str]:
    """Return the command with the kernel's parent-death signal set first; unchanged where that is not known.

    `setpriv` (util-linux) replaces itself by the program, so the pid is the program's own.
    """
    setpriv = _setpriv()
    return [setpriv, "--pdeathsig", "TERM", *argv] if setpriv else list(argv)


@functools.cache
def _setpriv() -> str | None:
    found = shutil.which("setpriv")
    if found is None:
        return None
    told = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)
    return found if "--pdeathsig" in told.stdout else None
