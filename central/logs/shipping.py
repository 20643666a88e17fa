"""Brings the log lines of a process of the hub into the database, beside those of the agents.

Logging never waits for it: records go into a bounded queue, a thread writes them. While the
database is away they wait; when the queue is full the oldest go, and a line says how many.
"""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from central.clock import utc_now
from central.http.request_ids import CURRENT
from central.logs import store
from central.logs.lines import Line, bounded, event_uid_of, harmless, request_id_of
from database.engine import Database

WAITING_LINES = 5000
BATCH_LINES = 500
GATHER_S = 0.2
"""What is logged within so short a time is written together."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
CLOSE_S = 2.0

IGNORED = ("sqlalchemy", "pymysql")
"""Loggers that speak when a line is written: shipping them would never end."""

_FORMAT = logging.Formatter()  # the message, and the traceback when there is one


class Shipping(logging.Handler):
    """A log handler that writes to `log_line`, from a thread that a fork would leave behind."""

    def __init__(self, database: Database, source: str, waiting_lines: int = WAITING_LINES) -> None:
        super().__init__()
        self._database = database
        self._source = source
        self._waiting: deque[Line] = deque()
        self._most = waiting_lines
        self._lost = 0
        self._guard = threading.Lock()
        self._bell = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-shipping", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record into the queue. Called by `logging`."""
        if record.name.startswith(IGNORED) or record.thread == self._thread.ident:
            return
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 - a log call with a mistake in it must not break its caller
            self.handleError(record)
            return
        with self._guard:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(line)
        self._bell.set()

    def finish(self, within_s: float = CLOSE_S) -> None:
        """Write what waits and end; what cannot be written within the time is given up."""
        self._over.set()
        self._bell.set()
        self._thread.join(within_s)

    def _line(self, record: logging.LogRecord) -> Line:
        return Line(
            source=self._source,
            at=datetime.fromtimestamp(record.created, UTC),
            level=_level(record.levelno),
            message=bounded(harmless(_FORMAT.format(record))),
            request_id=request_id_of(CURRENT.get()),
            event_uid=event_uid_of(getattr(record, "event_uid", None)),
        )

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        batch: list[Line] = []
        while True:
            if not batch:
                self._bell.wait()
                self._over.wait(GATHER_S)
                batch = self._take()
                if not batch and self._over.is_set():
                    return
            try:
                if batch:
                    store.add(self._database, batch, utc_now())
                batch, pause = [], FIRST_PAUSE_S
            except (DataError, IntegrityError):  # it would be refused for ever
                with self._guard:
                    self._lost += len(batch)
                batch = []
            except SQLAlchemyError:
                # Not logged: whoever uses the database says so, and stderr has every line anyway.
                if self._over.is_set():
                    return
                self._over.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _take(self) -> list[Line]:
        """Take the next lines, and what is to be said of lost ones before them."""
        with self._guard:
            lost, self._lost = self._lost, 0
            batch = [self._waiting.popleft() for _ in range(min(BATCH_LINES, len(self._waiting)))]
            if not self._waiting and not self._lost:
                self._bell.clear()
            if self._over.is_set():
                self._bell.set()
        if lost:
            at = batch[0].at if batch else utc_now()
            said = f"{lost} log lines were lost here: the database did not take them in time"
            batch.insert(0, Line(self._source, at, "WARNING", said))
        return batch


class Console(logging.Formatter):
    """Lines for stderr, with the request that they speak of."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Add the request's id, when there is one."""
        said = super().formatMessage(record)
        request_id = CURRENT.get()
        return f"{said} (request {request_id})" if request_id else said


@contextlib.contextmanager
def shipped(database: Database, source: str) -> Iterator[None]:
    """Ship everything that this process logs, until the end of the block."""
    shipping = Shipping(database, source)
    logging.getLogger().addHandler(shipping)
    shipping.start()
    try:
        yield
    finally:
        logging.getLogger().removeHandler(shipping)
        shipping.finish()


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "ERROR"
    if number >= logging.WARNING:
        return "WARNING"
    return "INFO" if number >= logging.INFO else "DEBUG"
