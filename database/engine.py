"""Talking to MariaDB or SQLite: engines, transactions, and what may safely be tried again."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

T = TypeVar("T")

RERUNNABLE = {1205, 1213}
"""MariaDB: lock wait time-out, deadlock. The transaction is rolled back for certain."""

IN_DOUBT = {2006, 2013, 2055, 0}
"""MariaDB: connection gone. The transaction may have been committed (facts: 3,738 of 3,737)."""

TRIES = 8
_WRITES = "gatehouse_writes"


class KnownAway(SQLAlchemyError):
    """The database is known not to answer: nobody need wait to find out for themselves."""


class Database:
    """One database, as seen by one process. Safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 20, patience_s: float = 60) -> None:
        """`patience_s`: how long the server may take to answer one statement."""
        self.url = make_url(url)
        self.engine = _make_engine(self.url, pool_size, patience_s)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.known_away: Callable[[], bool] = lambda: False
        self._writing = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for queries. It sees one snapshot and must not outlive the query."""
        self._refuse_to_wait()
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def write(self, fn: Callable[[Session], T], *, idempotent: bool = False) -> T:
        """Run `fn` in one transaction, commit, and return what it returned.

        `fn` is run again when the database says that nothing of it was kept (deadlock, lock
        time-out, SQLite busy), and after a lost connection only if it is `idempotent`: the commit
        may have happened. `fn` must do nothing but database work. Raises the last error.
        """
        for attempt in range(1, TRIES + 1):
            self._refuse_to_wait()
            try:
                with Session(self._writing, expire_on_commit=False) as session, session.begin():
                    return fn(session)
            except DBAPIError as error:
                if attempt == TRIES or not _may_rerun(error, idempotent):
                    raise
                time.sleep(min(0.02 * 2**attempt, 1.0))
        raise AssertionError("unreachable")

    def _refuse_to_wait(self) -> None:
        if self.known_away():
            raise KnownAway("the database is known not to answer now")

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def database_now(session: Session) -> datetime:
    """Return the database's own time: the one clock that all claimers of leases share."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)  # the file has no clock; all its users are on this machine
    value: datetime = session.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return value.replace(tzinfo=UTC)


def is_duplicate(error: IntegrityError) -> bool:
    """Tell whether a unique key refused the row: another writer was there first."""
    original = error.orig
    if original is None:
        return False
    if isinstance(original, sqlite3.Error):
        return original.sqlite_errorname in (
            "SQLITE_CONSTRAINT_UNIQUE",
            "SQLITE_CONSTRAINT_PRIMARYKEY",
        )
    return bool(original.args) and original.args[0] == 1062


def _may_rerun(error: DBAPIError, idempotent: bool) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return isinstance(error, OperationalError) and "locked" in str(original)
    code = original.args[0] if original is not None and original.args else None
    return code in RERUNNABLE or (idempotent and code in IN_DOUBT)


def _make_engine(url: URL, pool_size: int, patience_s: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,
        isolation_level="READ COMMITTED",
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": 5,
            "read_timeout": patience_s,
            "write_timeout": patience_s,
            "init_command": "SET time_zone='+00:00', innodb_lock_wait_timeout=10",
        },
    )
    return engine


def _sqlite_engine(url: URL, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        connect_args={"timeout": 10, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, the driver's guesses are wrong
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # what an agent forgets after our answer must survive a power cut
            "foreign_keys=ON",
            "busy_timeout=10000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A read that turns into a write fails at once with BUSY, however long the time-out.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
