"""The service under load: answers, the ledger, verification, a start with much under way, memory."""

from collections.abc import Iterator

from bench import answers, ledgers, starts
from bench.figures import Figure


def figures() -> Iterator[Figure]:
    """Every figure of the service; the quietest last, since the others leave the disk busy."""
    yield from ledgers.figures()
    yield from answers.figures()
    yield from starts.figures()
