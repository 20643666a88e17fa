"""A probe of the database beside all requests, so that `/health` answers at once and truly.

It has threads of its own: when the database hangs, those of the requests are the first to be stuck.
One asks, the other writes: a long write of somebody else must not look like a hang.
"""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from central.clock import Clock
from central.health import pulse
from database.engine import Database
from database.trouble import Trouble, trouble_of

log = logging.getLogger(__name__)

EVERY_S = 2.0
STALE_AFTER_S = 6.0
FIRST_S = 5.0
"""How long the start of the hub waits for the database's first answer."""

CANNOT_WRITE = {
    Trouble.FULL: "the database's disk is full: free some space where its files lie",
    Trouble.READ_ONLY: "the database takes no writes: it is read-only",
}


class Probe:
    """What was last seen of the database. Thread-safe: every field is replaced whole."""

    def __init__(self, database: Database, process: str, clock: Clock) -> None:
        self._database = database
        self._process = process
        self._clock = clock
        self._answered_at_s: float | None = None
        self._away = ""
        self._cannot_write = ""
        self._write_at_s = 0.0
        self._over = threading.Event()
        self._asked = threading.Event()

    @property
    def connected(self) -> bool:
        """Whether the database answered lately."""
        answered_at_s = self._answered_at_s
        return answered_at_s is not None and time.monotonic() - answered_at_s < STALE_AFTER_S

    @property
    def away(self) -> bool:
        """Whether it is known that the database does not answer."""
        return self._asked.is_set() and not self.connected

    @property
    def writable(self) -> bool:
        """Whether the database took the last write."""
        return self.connected and not self._cannot_write

    @property
    def problems(self) -> list[str]:
        """What is wrong, in sentences; empty when nothing is."""
        if not self.connected:
            return [f"the database does not answer{f': {self._away}' if self._away else ''}"]
        return [self._cannot_write] if self._cannot_write else []

    def start(self) -> None:
        """Begin, and wait for the first answer, though not for ever."""
        self._over.clear()
        self._database.known_away = lambda: self.away
        for work in (self._ask, self._write):
            threading.Thread(target=self._every, args=(work,), name="probe", daemon=True).start()
        self._asked.wait(FIRST_S)
        self._asked.set()  # no answer by now is an answer

    def stop(self) -> None:
        """End soon; a thread that is stuck in the database ends with the process."""
        self._over.set()
        self._database.known_away = lambda: False

    def _every(self, work: Callable[[], None]) -> None:
        while not self._over.is_set():
            work()
            self._over.wait(EVERY_S)

    def _ask(self) -> None:
        try:
            with Session(self._database.engine) as session:  # `reading` would ask us first
                session.execute(text("SELECT 1"))
            if self._away:
                log.info("the database answers again")
            self._answered_at_s, self._away = time.monotonic(), ""
        except SQLAlchemyError as error:
            reason = str(error).splitlines()[0]
            if not self._away:
                log.warning("the database does not answer: %s", reason)
            self._answered_at_s, self._away = None, reason
        self._asked.set()

    def _write(self) -> None:
        if not self._cannot_write and time.monotonic() < self._write_at_s:
            return
        try:
            pulse.beat(self._database, self._process, self._clock())
        except SQLAlchemyError as error:
            said = CANNOT_WRITE.get(trouble_of(error), "")
            if said and not self._cannot_write:
                log.error("%s", said)
            # Away and busy are no matter of writing: the other thread tells of them.
            self._cannot_write = said or self._cannot_write
            return
        if self._cannot_write:
            log.info("the database takes writes again")
        self._cannot_write, self._write_at_s = "", time.monotonic() + pulse.EVERY_S

    def note(self, error: SQLAlchemyError) -> None:
        """Learn from an error that a request met: a full disk need not be found twice."""
        said = CANNOT_WRITE.get(trouble_of(error), "")
        if said:
            self._cannot_write = said
