"""Rounds: works in one transaction, each as if it were alone; one commit for all, and answers only after it."""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

from sqlalchemy.exc import InvalidRequestError

from bot.ports import Busy, Delivery, Uncertain
from storage.kinds import Fate, Kind, Trouble
from storage.line import DATABASE_ERRORS, Line
from storage.session import Session
from storage.turns import AnyTurn

Remember = Callable[[Session, Delivery], None]

WORDS: Final = {
    Trouble.BUSY: "another process holds the store; nothing was recorded",
    Trouble.CONFLICT: "other processes write at the same time; nothing was recorded",
    Trouble.GONE: "the database cannot be reached; nothing was recorded",
    Trouble.FULL: "the disk of the database is full; nothing was recorded",
}
_UNCERTAIN: Final = "the database was lost while it recorded; it is not known whether this was recorded"
_AGAIN: Final = frozenset({Trouble.BUSY, Trouble.CONFLICT, Trouble.GONE})
_PAUSE_MS: Final = {Trouble.BUSY: 5, Trouble.CONFLICT: 5, Trouble.GONE: 50}


class _Unclear(Exception):  # noqa: N818 - what it is
    """The COMMIT was not answered, and nobody can say what became of it."""


class Rounds:
    """Carries turns out on one line. `pause` waits that many seconds."""

    def __init__(self, line: Line, kind: Kind, remember: Remember | None, pause: Callable[[float], object]) -> None:
        self._line = line
        self._kind = kind
        self._remember = remember
        self._pause = pause

    def carry_out(self, session: Session | None, turns: Sequence[AnyTurn]) -> None:
        """Run what has entered to its end: in the transaction that was begun, again when it must, and answer it."""
        left = turns
        while left:
            try:
                self._transact(session or self._line.enter(), left)
            except DATABASE_ERRORS as error:
                session, left = None, self._after(error, left)
            except _Unclear as unclear:
                fail(left, Uncertain(str(unclear)))
                left = ()
            else:
                _answer(left)
                left = ()

    def _after(self, error: BaseException, turns: Sequence[AnyTurn]) -> Sequence[AnyTurn]:
        """The whole transaction failed and nothing of it was written; answers those that are to be tried again."""
        trouble = self._kind.trouble(error)
        self._line.end(trouble)
        if trouble in _AGAIN:
            late = [turn for turn in turns if turn.deadline < time.monotonic()]
            fail(late, Busy(WORDS[trouble]))
            self._pause(secrets.randbelow(_PAUSE_MS[trouble] * 1000) / 1e6)
            return [turn for turn in turns if turn not in late]
        if len(turns) > 1:
            # It may be the fault of one of them.
            for turn in turns:
                self.carry_out(None, (turn,))
        else:
            fail(turns, Busy(WORDS[trouble]) if trouble is Trouble.FULL else error)
        return ()

    def _transact(self, session: Session, turns: Sequence[AnyTurn]) -> None:
        remembered: list[Delivery] = []
        for turn in turns:
            if len(turns) == 1:
                self._run(session, turn, remembered)
            else:
                self._among_others(session, turn, remembered)
        if all(turn.error is not None for turn in turns):
            self._line.end()
            return
        self._commit()
        for delivery in remembered:
            delivery.recorded = True

    def _among_others(self, session: Session, turn: AnyTurn, remembered: list[Delivery]) -> None:
        """Under a savepoint, so that its failure is its own."""
        session.driver.execute("SAVEPOINT work")
        self._run(session, turn, remembered)
        if turn.error is not None:
            session.driver.execute("ROLLBACK TO SAVEPOINT work")
        session.driver.execute("RELEASE SAVEPOINT work")

    def _run(self, session: Session, turn: AnyTurn, remembered: list[Delivery]) -> None:
        delivery = turn.delivery
        first = delivery is not None and not delivery.recorded and not any(each is delivery for each in remembered)
        try:
            if self._remember is not None and delivery is not None and first:
                self._remember(session, delivery)
            turn.worked(turn.work(session))
        except BaseException as error:  # handed to the caller whose work it is
            if self._kind.trouble(error) is not Trouble.OTHER:
                raise
            turn.failed(error)
            return
        if not self._kind.whole(session.driver):
            raise InvalidRequestError("a work went on after the database had undone its transaction")
        if delivery is not None and first:
            remembered.append(delivery)

    def _commit(self) -> None:
        mark = self._line.mark
        try:
            self._line.commit()
        except DATABASE_ERRORS as error:
            if self._kind.trouble(error) is not Trouble.GONE:
                raise
            fate = self._kind.fate(mark)
            self._line.drop()
            if fate is Fate.ABORTED:
                raise
            if fate is Fate.UNKNOWN:
                raise _Unclear(_UNCERTAIN) from error


def fail(turns: Sequence[AnyTurn], error: BaseException) -> None:
    """Tell them all that it was this."""
    for turn in turns:
        turn.failed(error)
    _answer(turns)


def _answer(turns: Sequence[AnyTurn]) -> None:
    for loop, ended in groupby(turns, key=lambda turn: turn.loop):
        together = tuple(ended)
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, together)


def _tell(turns: Sequence[AnyTurn]) -> None:
    for turn in turns:
        turn.answer()
