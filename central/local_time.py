"""Times as people's clocks and agents in the field have them: read, told, and cut into days. Pure.

Old agents know no zone: their times are local and naive. Inside the hub every time is UTC.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_PLAUSIBLE = datetime(2020, 1, 1, tzinfo=UTC)
"""A camera without a clock of its own wakes up in 1970, or when it was last switched off."""

LONGEST_AHEAD = timedelta(hours=26)
"""A naive time read in the wrong zone lies this far ahead at most."""


@dataclass(frozen=True)
class Reading:
    """A time as it was said, and the moment it is taken for, in UTC.

    `corrected`: what was said cannot be true, so the time of arrival stands for it.
    """

    at: datetime
    said: str
    corrected: bool


def read_time(said: str | float, zone: ZoneInfo, arrived_at: datetime) -> Reading:
    """Read an ISO 8601 text, naive ones in `zone`, or seconds since 1970.

    In the hour that happens twice, the reading nearer to arrival counts. Raises ValueError for what
    is no time at all.
    """
    try:
        at = _moment(said, zone, arrived_at)
    except OverflowError:
        return Reading(arrived_at, str(said), corrected=True)
    if FIRST_PLAUSIBLE <= at <= arrived_at + LONGEST_AHEAD:
        return Reading(at, str(said), corrected=False)
    return Reading(arrived_at, str(said), corrected=True)


def local_naive(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as clocks in `zone` show it, ISO 8601 without an offset."""
    return at.astimezone(zone).replace(tzinfo=None).isoformat()


def day_bounds(day: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends, in UTC; it may last 23 or 25 hours.

    `day` is today, yesterday or YYYY-MM-DD. Raises ValueError for anything else.
    """
    today = now.astimezone(zone).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    start = named.get(day) or _date(day)
    try:
        begins = datetime.combine(start, time(), zone).astimezone(UTC)
        ends = datetime.combine(start + timedelta(days=1), time(), zone).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{day} lies at the end of all time") from error
    return begins, ends


def _date(text: str) -> date:
    complaint = "write a day as today, yesterday or 2026-03-31"
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(complaint) from error
    if found.isoformat() != text:  # Python reads more spellings than people write
        raise ValueError(complaint)
    return found


def _moment(said: str | float, zone: ZoneInfo, arrived_at: datetime) -> datetime:
    if isinstance(said, str):
        return _read_text(said, zone, arrived_at)
    if isinstance(said, bool) or not math.isfinite(said):
        raise ValueError("a time is ISO 8601 or a finite number of seconds since 1970")
    try:
        return datetime.fromtimestamp(said, UTC)
    except (ValueError, OSError) as error:
        raise OverflowError(said) from error


def _read_text(text: str, zone: ZoneInfo, arrived_at: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("write a time as 2026-03-31T18:04:05, ISO 8601") from error
    if len(text) <= len("2026-03-31"):
        raise ValueError("a day alone is no time: write it as 2026-03-31T18:04:05")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    readings = [found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(readings, key=lambda reading: abs(reading - arrived_at))
