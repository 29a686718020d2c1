"""A process that reads every plan of a folder and says of each how long it took, what came of it, and what it grew to.

python -m tests.security.yaml_reader FOLDER
"""

import json
import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")
WATCHED = ("os.", "subprocess.", "socket.", "ctypes.", "pty.", "shutil.", "ftplib.", "urllib.")
HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.listxattr", "os.getxattr")


def peak():
    """The most memory that this process ever held, in KiB; `ru_maxrss` would begin with that of its parent."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main():
    from bot.plans.loader import PlanError, load

    folder = Path(sys.argv[1])
    seen = []

    def watch(event, arguments):
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or (event.startswith(WATCHED) and event not in HARMLESS):
            seen.append(f"{event} {arguments!r:.80}")

    load(folder / "sound.yml", folder)
    before = peak()
    sys.addaudithook(watch)
    for path in sorted(folder.glob("*.plan")):
        begun = time.process_time()
        try:
            said = f"read as {load(path, folder).name}"
        except PlanError as bad:
            said = str(bad)
        grown = (peak() - before) / 1024
        print(json.dumps([path.name, time.process_time() - begun, grown, len(said), said[:300], seen]))
        seen.clear()


main()
