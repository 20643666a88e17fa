"""One entry of a batch of logs: a line that can be stored, or the reason why it is none.

What can be mended is mended, never refused: an agent's boot log is worth more than its form. Blank
messages stay, long ones are cut and say so, what no database stores becomes U+FFFD. Line breaks and
escape codes are data like any other; whoever shows a line must treat it so.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from central.local_time import read_time

SOURCE_CHARACTERS = 50
MESSAGE_CHARACTERS = 8000
"""A longer message keeps its first 6,000 characters and its last 2,000: of a traceback, those say
where and what."""

_HEAD, _TAIL = 6000, 2000
_SAID_CHARACTERS = 60

LEVELS = {
    "DEBUG": "DEBUG",
    "TRACE": "DEBUG",
    "INFO": "INFO",
    "NOTICE": "INFO",
    "WARNING": "WARNING",
    "WARN": "WARNING",
    "ERROR": "ERROR",
    "CRITICAL": "ERROR",
    "FATAL": "ERROR",
}
"""The four levels, and the words of other loggers that mean one of them. Case does not matter."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
REQUEST_ID = r"^[A-Za-z0-9._:-]{1,64}$"
_REQUEST_ID = re.compile(REQUEST_ID)

ZoneOf = Callable[[str], ZoneInfo]
"""Returns the zone in which a source's naive times are local."""

MayWrite = Callable[[str], bool]
"""Tells whether the sender may write lines of a source."""


class Line(NamedTuple):  # made by the thousand: a frozen dataclass takes three times as long
    """A line as it is stored. `at` is UTC."""

    source: str
    at: datetime
    level: str
    message: str
    request_id: str | None = None
    event_uid: str | None = None


class NoLine(ValueError):
    """This entry cannot be a line. The text says why."""


def read_batch(
    entries: list[Any], zone_of: ZoneOf, may_write: MayWrite, arrived_at: datetime
) -> tuple[list[Line], list[tuple[int, str]]]:
    """Return the lines of a batch in its order, and index and reason of all that are none."""
    zones = cache(zone_of)
    lines: list[Line] = []
    rejected: list[tuple[int, str]] = []
    for index, entry in enumerate(entries):
        try:
            line = read_entry(entry, zones, arrived_at)
            if not may_write(line.source):
                raise NoLine(f"this token may not write lines of the source {line.source!a}")
            lines.append(line)
        except NoLine as reason:
            rejected.append((index, str(reason)))
    return lines, rejected


def read_entry(entry: Any, zone_of: ZoneOf, arrived_at: datetime) -> Line:
    """Return the line of one entry. Raises NoLine.

    A time that cannot be true (an agent before NTP) is replaced by `arrived_at`, and the message
    says what the clock said. An unusable `request_id` or `event_uid` is left out.
    """
    if not isinstance(entry, dict):
        raise NoLine(f"an entry must be an object, not {_kind(entry)}")
    source = _text(entry, "source")
    if not 1 <= len(source) <= SOURCE_CHARACTERS:
        raise NoLine(f"`source` must have 1 to {SOURCE_CHARACTERS} characters, not {len(source)}")
    level = LEVELS.get(_text(entry, "level").strip().upper())
    if level is None:
        raise NoLine("`level` must be DEBUG, INFO, WARNING or ERROR")
    message = _text(entry, "message")
    if "timestamp" not in entry:
        raise NoLine("`timestamp` is missing")
    source = harmless(source)
    try:
        reading = read_time(entry["timestamp"], zone_of(source), arrived_at)
    except ValueError as error:
        raise NoLine(f"`timestamp`: {error}") from error
    if reading.corrected:
        message = f"[its clock said {reading.said[:_SAID_CHARACTERS]}] {message}"
    return Line(
        source,
        reading.at,
        level,
        bounded(harmless(message)),
        request_id_of(entry.get("request_id")),
        event_uid_of(entry.get("event_uid")),
    )


def harmless(text: str) -> str:
    """Return a text that every database stores: NUL and lone surrogates become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def bounded(message: str) -> str:
    """Return a message that is not over-long; one that was cut says by how much, where it was."""
    if len(message) <= MESSAGE_CHARACTERS:
        return message
    cut = len(message) - _HEAD - _TAIL
    return f"{message[:_HEAD]} … [{cut:,} characters were cut here] … {message[-_TAIL:]}"


def request_id_of(said: object) -> str | None:
    """Return a request id that can be one, or None."""
    return said if isinstance(said, str) and _REQUEST_ID.fullmatch(said) else None


def event_uid_of(said: object) -> str | None:
    """Return an event's uid as the database writes it, or None when it is none."""
    if not isinstance(said, str | UUID):
        return None
    try:
        return str(UUID(str(said)))
    except ValueError:
        return None


def _text(entry: dict[str, Any], name: str) -> str:
    said = entry.get(name)
    if isinstance(said, str):
        return said
    raise NoLine(
        f"`{name}` must be text, not {_kind(said)}" if name in entry else f"`{name}` is missing"
    )


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")
