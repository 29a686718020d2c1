"""The writer: the one thread that writes; whatever waits while it commits goes into its next transaction."""

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from sqlalchemy import Engine

from bot.ports import Busy
from storage.kinds import Kind, Trouble
from storage.line import DATABASE_ERRORS, Line
from storage.rounds import WORDS, Remember, Rounds, fail
from storage.session import Session
from storage.turns import AnyTurn

MOST: Final = 64  # works in one transaction
_PAUSE: Final = 0.05  # seconds until a database that is not there is tried again
_CROWDED: Final = "too many writes are waiting; nothing was recorded"


class Writer:
    """Runs turns in the order of their coming, several in one transaction when they wait, and answers them all."""

    def __init__(self, engine: Engine, kind: Kind, remember: Remember | None) -> None:
        self._kind = kind
        self._line = Line(engine, kind)
        self._queue: SimpleQueue[AnyTurn | None] = SimpleQueue()
        self._closing = threading.Event()
        self._pauses = threading.Event()  # never set: waiting for it is a pause
        self._trouble = Trouble.OTHER
        self._why: BaseException | None = None
        self._rounds = Rounds(self._line, kind, remember, self._pauses.wait)
        self._thread = threading.Thread(target=self._work, name="storage-writer", daemon=True)
        self._thread.start()

    def put(self, turn: AnyTurn) -> None:
        if self._closing.is_set():
            raise Busy("the database is closed; nothing was recorded")
        self._queue.put(turn)

    def late(self) -> Busy:
        """What to tell a turn whose time ran out before it entered."""
        busy = Busy(WORDS.get(self._trouble, _CROWDED))
        busy.__cause__ = self._why
        return busy

    def close(self) -> None:
        """Let everything that waits run to its end, then let go of the database. Takes a while."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            turns = [first]
            try:
                session = self._enter(first)
                if session is None:
                    continue
                turns = [turn for turn in (first, *self._waiting()) if turn.enter()]
                if turns:
                    self._rounds.carry_out(session, turns)
                else:
                    self._line.end()
            except BaseException as bug:  # noqa: BLE001 - told to those who wait; the thread must outlive it
                self._line.drop()
                fail(turns, bug)
        self._line.drop()

    def _waiting(self) -> list[AnyTurn]:
        """What waits behind the first, as much as goes into one transaction."""
        found: list[AnyTurn] = []
        with suppress(Empty):
            while len(found) < MOST - 1:
                turn = self._queue.get_nowait()
                if turn is None:
                    self._queue.put(None)
                    break
                found.append(turn)
        return found

    def _enter(self, first: AnyTurn) -> Session | None:
        """A transaction in which nothing has run yet; None when the first went away meanwhile, or cannot be served."""
        while not first.gone:
            try:
                session = self._line.enter()
            except DATABASE_ERRORS as error:
                self._trouble, self._why = self._kind.trouble(error), error
                self._line.end(self._trouble)
                if self._trouble is Trouble.OTHER:
                    fail((first,), error)
                    return None
                if self._trouble is Trouble.GONE:
                    self._pauses.wait(_PAUSE)
            else:
                self._trouble, self._why = Trouble.OTHER, None
                return session
        return None
