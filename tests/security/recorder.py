"""A real executable that writes down exactly what it was given: its arguments and its environment, as bytes."""

import json
import stat
import sys


def recorder_at(path, notes):
    """Write the executable; each of its runs appends one line to `notes`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#!{sys.executable} -IS\n"
        "import json, os, sys\n"
        "given = [[os.fsencode(each).hex() for each in sys.argv[1:]],\n"
        "         {os.fsencode(k).hex(): os.fsencode(v).hex() for k, v in os.environ.items()}]\n"
        f"file = os.open({str(notes)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "os.write(file, json.dumps(given).encode() + b'\\n')\n"
        "sys.stdout.write('7')\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def recorded(notes):
    """What was given, run by run, decoded."""
    if not notes.exists():
        return []
    return [
        ([_text(each) for each in argv], {_text(key): _text(value) for key, value in environ.items()})
        for argv, environ in map(json.loads, notes.read_text().splitlines())
    ]


def _text(written):
    return bytes.fromhex(written).decode("utf-8", "surrogateescape")
