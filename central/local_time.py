"""Times as clients say them: naive local, with an offset, or epoch seconds; and back again.

Agents have no clock of their own to trust: before NTP they live in 1970 or in the future. A time
that is one, but cannot be true, is replaced by the moment of arrival; what was said is kept.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

EARLIEST_AT = datetime(2020, 1, 1, tzinfo=UTC)
"""Nothing that talks to this hub existed before."""

AHEAD = timedelta(hours=26)
"""How far ahead of arrival a time may lie: a naive time read in the wrong zone is off by less."""

EXAMPLE = "write it like 2026-03-01T12:00:00 or 2026-03-01T12:00:00+01:00"

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)

_EPOCH = re.compile(r"[+-]?\d{9,}(\.\d*)?", re.ASCII)
_CLOCK = r"\d\d:\d\d(:\d\d([.,]\d+)?)?"
_SHAPE = re.compile(  # `fromisoformat` alone also takes weeks, any separator, and a NUL at the end
    rf"(?P<year>[+-]?\d{{4,9}})-\d\d-\d\d([T ]{_CLOCK}(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)
_LOST_PLUS = re.compile(rf"(?P<time>.*T{_CLOCK}) (?P<offset>\d\d:?\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Reading(NamedTuple):
    """What a said time means: `at` in UTC. `corrected` when it could not be true as said."""

    at: datetime
    said: str
    corrected: bool


def read_time(said: str | float, zone: ZoneInfo, arrived_at: datetime) -> Reading:
    """Read a time; naive ones are local times of `zone`. Raises ValueError when it is none.

    A date alone is its midnight. In the hour that happens twice, the reading nearer to arrival; in
    the hour that never happens, the time of a clock that was not put forward. What lies before
    2020 or more than 26 h after arrival is taken as the moment of arrival.
    """
    shown = said if isinstance(said, str) else repr(said)
    try:
        at = _moment(said, zone, arrived_at)
    except OverflowError:
        at = None
    if at is None or at < EARLIEST_AT or at - arrived_at > AHEAD:
        return Reading(arrived_at, shown, corrected=True)
    return Reading(at, shown, corrected=False)


def read_bound(said: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Read a time that bounds a question; any far-off one is as good as the calendar's end.

    Raises ValueError when it is no time.
    """
    try:
        at = _moment(said, zone, now)
    except OverflowError:
        at = None
    if at is None:
        return EARLIEST_AT if said.strip().startswith(("0", "-")) else _LAST
    return max(EARLIEST_AT, at)


def local_naive(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as old clients read it: local time of `zone`, ISO 8601, without offset."""
    return at.astimezone(zone).replace(tzinfo=None).isoformat()


def day_bounds(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return when a day of `zone` begins and when the next one does, in UTC.

    `text` is today, yesterday or YYYY-MM-DD. Raises ValueError for anything else.
    """
    word = text.strip().lower()
    if word in ("today", "yesterday"):
        day = now.astimezone(zone).date() - timedelta(days=word == "yesterday")
    elif _DAY.fullmatch(word):
        try:
            day = date.fromisoformat(word)
        except ValueError as error:
            raise ValueError(f"there is no day {word}: {error}") from error
    else:
        raise ValueError(f"{text[:60]!a} is no day; write today, yesterday or YYYY-MM-DD")
    return _midnight(day, zone), _midnight(day, zone, days_later=1)


def _moment(said: str | float, zone: ZoneInfo, arrived_at: datetime) -> datetime | None:
    """Return the moment, or None for a time that no calendar of ours holds."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        raise ValueError(f"{str(said)[:60]!a} is no time; {EXAMPLE}")
    if not isinstance(said, str):
        return _since_1970(said)
    text = said.strip().upper()
    shape = _SHAPE.fullmatch(text)
    if shape is None and _EPOCH.fullmatch(text):
        seconds = float(text)
        return _since_1970(seconds) if math.isfinite(seconds) else None
    if shape is None and (lost := _LOST_PLUS.fullmatch(text)):
        text = f"{lost['time']}+{lost['offset']}"  # a plus sign in an address arrives as a space
        shape = _SHAPE.fullmatch(text)
    if shape and not 1 <= int(shape["year"]) <= 9999:
        return None
    try:
        if shape is None:
            raise ValueError("not ISO 8601")
        naive_or_aware = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{said[:60]!a} is no time; {EXAMPLE}") from error
    if naive_or_aware.tzinfo is not None:
        return naive_or_aware.astimezone(UTC)
    return _local(naive_or_aware, zone, arrived_at)


def _since_1970(seconds: float) -> datetime | None:
    if isinstance(seconds, float) and not math.isfinite(seconds):
        raise ValueError(f"{seconds} is no time; {EXAMPLE}")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OSError):
        return None


def _local(naive: datetime, zone: ZoneInfo, arrived_at: datetime) -> datetime:
    early = zone.utcoffset(naive.replace(fold=0)) or timedelta(0)
    late = zone.utcoffset(naive.replace(fold=1)) or timedelta(0)
    first = naive.replace(tzinfo=UTC) - early
    if early > late:  # this hour happens twice
        return min(first, first + (early - late), key=lambda at: abs(at - arrived_at))
    return first


def _midnight(day: date, zone: ZoneInfo, days_later: int = 0) -> datetime:
    try:
        local = datetime.combine(day + timedelta(days=days_later), time.min, zone)
        return local.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar
        return _LAST if day.year > 1 else _FIRST
