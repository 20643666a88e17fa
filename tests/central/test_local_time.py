"""Times as clients say them: every reading is the moment that was meant, or says that it is not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.local_time import day_bounds, local_naive, read_bound, read_time

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-01T12:59:58.123456", "2026-03-01T11:59:58.123456"),
        ("2026-03-01 12:59:58,123", "2026-03-01T11:59:58.123"),
        (" 2026-03-01T12:59 ", "2026-03-01T11:59"),
        ("2026-03-01", "2026-02-28T23:00"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00"),
        ("2026-03-01t12:00:00z", "2026-03-01T12:00:00"),
        ("2026-03-01T12:00:00+05:00", "2026-03-01T07:00:00"),
        ("2026-03-01T12:00:00 05:00", "2026-03-01T07:00:00"),
        ("2026-03-01T12:00:00-0330", "2026-03-01T15:30:00"),
        ("2025-07-01T12:00:00", "2025-07-01T10:00:00"),
        (1772366400, "2026-03-01T12:00:00"),
        (1772366400.25, "2026-03-01T12:00:00.25"),
        ("1772366400.25", "2026-03-01T12:00:00.25"),
        ("2026-03-02T13:59:00Z", "2026-03-02T13:59:00"),
    ],
)
def test_it_reads_what_was_meant(said: str | float, meant: str) -> None:
    reading = read_time(said, BERLIN, NOON)
    assert (reading.at, reading.corrected) == (utc(meant), False)
    assert reading.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "said",
    [
        "1970-01-01T01:00:12",
        "2019-12-31T23:59:59Z",
        "0001-01-01T00:00:00",
        "0000-01-01T00:00:00",
        "9999-12-31T23:59:59.999999-23:59",
        "9999-12-31T23:59:59",
        "99999-01-01T00:00:00Z",
        "2026-03-02T14:00:01Z",
        0,
        -1,
        1e300,
        10**400,
        -1e15,
        "99999999999999999999",
        "9" * 500,
    ],
)
def test_it_takes_a_time_that_cannot_be_true_as_the_arrival(said: str | float) -> None:
    reading = read_time(said, BERLIN, NOON)
    assert (reading.at, reading.corrected) == (NOON, True)
    assert reading.said == (said if isinstance(said, str) else repr(said))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "now",
        "12:00:00",
        "2026-13-01T00:00:00",
        "2026-03-01T25:00:00",
        "2026-03-01T12:00:00+25:00",
        "2026-03-01T12:00:00\0",
        "2026-03-01\ud80012:00:00",
        "٢٠٢٦-03-01T12:00:00",
        "2026-W09-7T12:00:00",
        "x" * 100_000,
        True,
        False,
        float("nan"),
        float("inf"),
        float("-inf"),
    ],
)
def test_it_says_what_to_write_when_it_is_no_time(said: str | float) -> None:
    with pytest.raises(ValueError, match="is no time; write it like") as raised:
        read_time(said, BERLIN, NOON)
    assert len(str(raised.value)) < 200
    str(raised.value).encode()


@pytest.mark.parametrize("said", [None, [], {}])
def test_it_refuses_what_is_neither_text_nor_number(said: object) -> None:
    with pytest.raises(ValueError, match="is no time"):
        read_time(said, BERLIN, NOON)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrived", "meant"),
    [
        ("2025-10-26T00:30:05", "2025-10-26T00:30:00"),
        ("2025-10-26T00:59:00", "2025-10-26T00:30:00"),
        ("2025-10-26T01:30:05", "2025-10-26T01:30:00"),
        ("2025-10-26T09:00:00", "2025-10-26T01:30:00"),
    ],
)
def test_it_reads_the_double_hour_nearer_to_arrival(arrived: str, meant: str) -> None:
    assert read_time("2025-10-26T02:30:00", BERLIN, utc(arrived)).at == utc(meant)


def test_it_reads_the_missing_hour_as_a_clock_that_was_not_put_forward() -> None:
    reading = read_time("2026-03-29T02:30:00", BERLIN, utc("2026-03-29T01:30:05"))
    assert reading.at == utc("2026-03-29T01:30:00")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-01T12:00:00", "2026-03-01T11:00:00"),
        ("1970-01-01T00:00:00", "2020-01-01T00:00:00"),
        ("0001-01-01T00:00:00", "2020-01-01T00:00:00"),
        ("0000-01-01T00:00:00Z", "2020-01-01T00:00:00"),
        ("-99999999999999999", "2020-01-01T00:00:00"),
        ("9999-12-31T23:59:59.999999-01:00", "9999-12-31T23:59:59.999999"),
        ("99999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999"),
        ("2126-03-01T12:00:00Z", "2126-03-01T12:00:00"),
    ],
)
def test_it_takes_any_time_as_the_bound_of_a_question(said: str, meant: str) -> None:
    assert read_bound(said, BERLIN, NOON) == utc(meant)


def test_it_answers_with_naive_local_times() -> None:
    assert local_naive(NOON, BERLIN) == "2026-03-01T13:00:00"
    assert local_naive(NOON.replace(microsecond=5), BERLIN) == "2026-03-01T13:00:00.000005"


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("today", "2026-02-28T23:00", "2026-03-01T23:00"),
        ("Yesterday", "2026-02-27T23:00", "2026-02-28T23:00"),
        ("2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2025-10-26", "2025-10-25T22:00", "2025-10-26T23:00"),
    ],
)
def test_it_knows_when_a_day_of_the_house_begins_and_ends(
    text: str, begins: str, ends: str
) -> None:
    assert day_bounds(text, BERLIN, NOON) == (utc(begins), utc(ends))


def test_it_knows_which_day_it_is_in_the_house() -> None:
    late = utc("2026-03-01T23:30")
    assert day_bounds("today", BERLIN, late)[0] == utc("2026-03-01T23:00")
    assert day_bounds("today", ZoneInfo("UTC"), late)[0] == utc("2026-03-01T00:00")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
def test_it_knows_the_first_and_the_last_day_of_the_calendar(zone: str) -> None:
    for text in ("0001-01-01", "9999-12-31"):
        begins, ends = day_bounds(text, ZoneInfo(zone), NOON)
        assert begins < ends


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30", "20260301", "2026-3-1", "\ud800"])
def test_it_refuses_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="day"):
        day_bounds(text, BERLIN, NOON)
