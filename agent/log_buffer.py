"""What the agent has logged and the hub has not yet, in a queue that is bounded."""

import logging
import threading
from collections import deque
from datetime import UTC, datetime
from uuid import UUID

WAITING_LINES = 2000
MESSAGE_CHARACTERS = 8000
"""The hub cuts what is longer; sending it would be in vain."""

IGNORED = ("agent.log_shipping", "urllib3", "requests")
"""Loggers that speak when lines are sent: sending those would never end."""

_FORMAT = logging.Formatter()  # the message, and the traceback when there is one


def about(uid: UUID) -> dict[str, str]:
    """Return the `extra` that ties a log line to the event it speaks of, on all machines."""
    return {"event_uid": str(uid)}


class LogBuffer(logging.Handler):
    """A log handler that keeps the newest lines, as the hub wants them, until they are taken."""

    def __init__(self, source: str, waiting_lines: int = WAITING_LINES) -> None:
        super().__init__()
        self._source = source
        self._most = waiting_lines
        self._waiting: deque[dict[str, str]] = deque()
        self._lost = 0
        self._guard = threading.Lock()
        self._bell = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record. Called by `logging`."""
        if record.name.startswith(IGNORED):
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

    def wait(self) -> None:
        """Wait until there is a line, or until `ring`."""
        self._bell.wait()

    def ring(self) -> None:
        """Let `wait` return."""
        self._bell.set()

    def take(self, most: int) -> list[dict[str, str]]:
        """Take the oldest lines, and before them one that says how many were lost, if any were."""
        with self._guard:
            lost, self._lost = self._lost, 0
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            if not self._waiting:
                self._bell.clear()
        if lost and taken:
            said = f"{lost} log lines were lost here: the hub did not take them in time"
            taken.insert(0, {**taken[0], "level": "WARNING", "message": said})
            taken[0].pop("event_uid", None)
        return taken

    def _line(self, record: logging.LogRecord) -> dict[str, str]:
        line = {
            "source": self._source,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": _level(record.levelno),
            "message": _bounded(_FORMAT.format(record)),
        }
        uid = getattr(record, "event_uid", None)
        return {**line, "event_uid": str(uid)} if uid else line


def _bounded(message: str) -> str:
    if len(message) <= MESSAGE_CHARACTERS:
        return message
    kept = MESSAGE_CHARACTERS - 100
    return f"{message[:kept]} … [{len(message) - kept:,} characters were cut by the agent]"


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "ERROR"
    if number >= logging.WARNING:
        return "WARNING"
    return "INFO" if number >= logging.INFO else "DEBUG"
