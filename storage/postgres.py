"""What is particular to PostgreSQL: serialisable transactions, lost connections, and what became of a COMMIT."""

import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from storage.kinds import Fate, Trouble, origin
from storage.session import Session

_CONNECT_S: Final = 2
_ASK_S: Final = 4.0  # for how long a COMMIT that was not answered is asked about
_ASK_PAUSE_S: Final = 0.05
_PAUSES: Final = threading.Event()  # never set: waiting for it is a pause
_WAIT_MS: Final = 100  # how long one attempt waits for a lock; the budget is a sum of attempts
# In one message: what this transaction is called, and that a host which dies in its midst frees its locks soon.
_BEGIN: Final = (
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL idle_in_transaction_session_timeout = '5s'; "
    "SELECT pg_current_xact_id()::text || '/' || pg_backend_pid()::text"
)
_UPGRADING: Final = 7_016_996_765_293_437_281  # any number, as long as nobody else locks it
_LOOK: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SETTINGS: Final[dict[str, Any]] = {
    "connect_timeout": _CONNECT_S,
    "application_name": "gitguard-rollout",
    # Of several hosts in the address, the one that can be written to; a standby is as good as none.
    "target_session_attrs": "read-write",
    # A server that went away in silence is noticed within seconds.
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "options": f"-c lock_timeout={_WAIT_MS} -c synchronous_commit=on -c TimeZone=UTC"
    " -c idle_in_transaction_session_timeout=60000 -c statement_timeout=60000"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3",
}


class Postgres:
    """One database of a PostgreSQL server."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")

    def engine(self, connections: int) -> Engine:
        # In the driver's autocommit mode it begins nothing by itself; we say how.
        return create_engine(
            self.url,
            isolation_level="AUTOCOMMIT",
            connect_args=dict(_SETTINGS),
            pool_size=connections,
            max_overflow=0,
        )

    def enter(self, driver: psycopg.Connection[Any]) -> str:
        # Several statements cannot be prepared.
        cursor = driver.execute(_BEGIN, prepare=False)
        while cursor.nextset():
            pass
        (mark,) = cursor.fetchone() or ("",)
        return str(mark)

    def look(self, driver: psycopg.Connection[Any]) -> None:
        driver.execute(_LOOK)

    def whole(self, driver: psycopg.Connection[Any]) -> bool:
        """PostgreSQL answers the COMMIT of a failed transaction with a ROLLBACK and no error."""
        return driver.info.transaction_status == TransactionStatus.INTRANS

    def trouble(self, error: BaseException) -> Trouble:
        cause = origin(error)
        if isinstance(cause, errors.SerializationFailure | errors.DeadlockDetected):
            return Trouble.CONFLICT
        if isinstance(cause, errors.LockNotAvailable):
            return Trouble.BUSY
        if isinstance(cause, errors.DiskFull):
            return Trouble.FULL
        return Trouble.GONE if _is_gone(error, cause) else Trouble.OTHER

    def now(self, session: Session) -> datetime:
        """Hosts' clocks differ; the lease is judged by one."""
        (moment,) = session.driver.execute("SELECT clock_timestamp()").fetchone()
        at: datetime = moment.astimezone(UTC)
        return at

    def alone(self, session: Session) -> None:
        """Changes of tables are not serialised by the server. What is raised here is tried again, on a fresh state."""
        (ours,) = session.driver.execute("SELECT pg_try_advisory_xact_lock(%s)", (_UPGRADING,)).fetchone()
        if not ours:
            raise errors.LockNotAvailable("another process upgrades the database")
        # Names are looked up as they are now, rows are seen as they were when the transaction began.
        (known,) = session.driver.execute("SELECT to_regclass('alembic_version')").fetchone()
        if known and not session.driver.execute("SELECT 1 FROM alembic_version FOR UPDATE").fetchall():
            raise errors.SerializationFailure("another process has just upgraded the database")

    def fate(self, mark: str) -> Fate:
        """Ask the server, after making sure that the lost session can no longer commit."""
        transaction, _, process = mark.partition("/")
        end = time.monotonic() + _ASK_S
        while time.monotonic() < end:
            try:
                known = self._ask(transaction, int(process))
            except psycopg.Error:
                known = Fate.UNKNOWN
            if known is not Fate.UNKNOWN:
                return known
            _PAUSES.wait(_ASK_PAUSE_S)
        return Fate.UNKNOWN

    def alive(self) -> None:
        """Processes may be on many hosts; only the lease's expiry tells."""

    def _ask(self, transaction: str, process: int) -> Fate:
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True, **_SETTINGS) as asking:
            asking.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                # This view knows a transaction by the lower half of its number.
                " WHERE pid = %s AND backend_xid::text::bigint = %s",
                (process, int(transaction) % 2**32),
            )
            row = asking.execute("SELECT pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
        return {"committed": Fate.COMMITTED, "aborted": Fate.ABORTED}.get(row[0] if row else "", Fate.UNKNOWN)


def _is_gone(error: BaseException, cause: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # Class 08 is a broken connection, 57P01 to 57P03 a server that stops or starts, 53300 one that is full, 25006 one
    # that became a standby, 25P03 our own limit on idling in a transaction.
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate
        if state is None:
            return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] == "08" or state in {"57P01", "57P02", "57P03", "53300", "25P03", "25006"}
    return False
