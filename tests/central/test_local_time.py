"""Times of clocks without a zone, of clocks that are wrong, and of days that are not 24 hours."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.local_time import Reading, day_bounds, local_naive, read_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
TWICE = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, for the first time


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-11-20T17:30:00", NOW - timedelta(minutes=30)),
        ("2026-11-20 17:30:00.5", NOW - timedelta(minutes=29, seconds=59.5)),
        ("2026-11-20T21:30:00+05:00", NOW - timedelta(minutes=30)),
        ("2026-11-20T16:30:00Z", NOW - timedelta(minutes=30)),
        (NOW.timestamp() - 1800, NOW - timedelta(minutes=30)),
        (int(NOW.timestamp()), NOW),
    ],
)
def test_it_reads_what_is_said(said: str | float, at: datetime) -> None:
    assert read_time(said, BERLIN, NOW) == Reading(at, str(said), corrected=False)


@pytest.mark.parametrize("arrives_after", [timedelta(seconds=3), timedelta(minutes=20)])
@pytest.mark.parametrize("first", [TWICE, TWICE + timedelta(hours=1)])
def test_it_reads_the_double_hour_by_arrival(first: datetime, arrives_after: timedelta) -> None:
    said = local_naive(first, BERLIN)
    assert said == "2026-10-25T02:30:00"
    assert read_time(said, BERLIN, first + arrives_after).at == first


def test_it_reads_the_hour_that_never_was() -> None:
    arrived = datetime(2026, 3, 29, 1, 31, tzinfo=UTC)  # 03:31; clocks went from 02:00 to 03:00
    found = read_time("2026-03-29T02:30:00", BERLIN, arrived).at
    assert abs(found - arrived) < timedelta(minutes=62)


@pytest.mark.parametrize(
    "said",
    [
        "1970-01-01T00:03:12",
        "2019-12-31T23:59:59+00:00",
        "2026-11-22T19:30:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59",
        0,
        192.25,
        -1e18,
        1e300,
        10**400 // 10**390,
    ],
)
def test_it_takes_arrival_for_what_cannot_be_true(said: str | float) -> None:
    assert read_time(said, BERLIN, NOW) == Reading(NOW, str(said), corrected=True)


@pytest.mark.parametrize(
    "said",
    [
        *["", "now", "2026-11-20", "20261120", "2026-13-01T00:00:00", "2026-11-20T25:00:00"],
        *["10000-01-01T00:00:00", "2026-11-20T17:30:00\n", "1732000000", "\u0000", True],
        *[math.nan, math.inf, -math.inf],
    ],
)
def test_it_refuses_what_is_no_time(said: str | float) -> None:
    with pytest.raises(ValueError, match="time"):
        read_time(said, BERLIN, NOW)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("today", 24), ("yesterday", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
)
def test_it_cuts_days_where_the_house_does(day: str, hours: int) -> None:
    begins, ends = day_bounds(day, BERLIN, NOW)
    assert ends - begins == timedelta(hours=hours)
    assert begins.astimezone(BERLIN).hour == 0


def test_it_knows_the_houses_day_late_at_night() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # half past midnight of the 21st in Berlin
    begins, _ = day_bounds("today", BERLIN, late)
    assert begins == datetime(2026, 11, 20, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "day", ["", "tomorrow", "20261120", "2026-11-31", "9999-12-31", "0001-01-01", "2026-1-2"]
)
def test_it_refuses_what_is_no_day(day: str) -> None:
    with pytest.raises(ValueError, match=r"a day|all time"):
        day_bounds(day, BERLIN, NOW)
