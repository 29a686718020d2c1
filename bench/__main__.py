"""Run the benchmarks: `python -m bench [NAME]`; the exit status says whether every goal holds."""

import sys

from bench import acks, service, start

BENCHES = {"start": start.figures, "acks": acks.figures, "service": service.figures}


def main() -> int:
    """Print a line for every figure of the benches asked for."""
    asked = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in asked if name not in BENCHES]
    if unknown:
        print(f"no benchmark '{unknown[0]}'; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    missed = 0
    for name in asked:
        for figure in BENCHES[name]():
            print(figure.line(), flush=True)
            missed += not figure.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
