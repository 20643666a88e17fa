"""Entries of a batch: mended where they can be, refused alone where not."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.logs.lines import MESSAGE_CHARACTERS, Line, NoLine, bounded, read_batch, read_entry

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UID = "9116802f-6a42-4a52-9a0e-6a3d1b0f1c11"


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "source": "front",
        "timestamp": "2026-03-01T12:59:58",
        "level": "INFO",
        "message": "hello",
    } | changed


def read(said: Any) -> Line:
    return read_entry(said, lambda _source: BERLIN, NOON)


def test_it_reads_a_line() -> None:
    line = read(entry(request_id="boot-7:1", event_uid=UID.upper()))
    at = datetime(2026, 3, 1, 11, 59, 58, tzinfo=UTC)
    assert line == Line("front", at, "INFO", "hello", "boot-7:1", UID)


@pytest.mark.parametrize("message", ["", " ", "\n", "a\r\nb", "\x1b[31mred\x1b[0m", "𝔘\u202e"])
def test_it_keeps_what_is_odd_but_data(message: str) -> None:
    assert read(entry(message=message)).message == message


def test_it_makes_harmless_what_no_database_stores() -> None:
    line = read(entry(message="a\0b\ud800c\udfffd", source="fr\0nt"))
    assert (line.message, line.source) == ("a\ufffdb\ufffdc\ufffdd", "fr\ufffdnt")


def test_it_cuts_an_over_long_message_and_says_by_how_much() -> None:
    long = "begin" + "x" * 99_990 + "ended"
    cut = read(entry(message=long)).message
    assert cut.startswith("begin")
    assert cut.endswith("ended")
    assert "[92,000 characters were cut here]" in cut
    assert len(cut) < MESSAGE_CHARACTERS + 100
    assert bounded("x" * MESSAGE_CHARACTERS) == "x" * MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    ("said", "stored"),
    [("info", "INFO"), ("Warn", "WARNING"), ("CRITICAL", "ERROR"), (" error ", "ERROR")],
)
def test_it_knows_the_words_of_other_loggers(said: str, stored: str) -> None:
    assert read(entry(level=said)).level == stored


@pytest.mark.parametrize("said", ["1970-01-01T00:00:12", "9999-12-31T23:59:59+00:00", 12, 1e18])
def test_it_stores_a_line_from_before_ntp_at_its_arrival_and_keeps_what_was_said(said: Any) -> None:
    line = read(entry(timestamp=said))
    assert line.at == NOON
    assert line.message == f"[its clock said {said}] hello"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"source": ""}, "`source` must have 1 to 50 characters, not 0"),
        ({"source": "x" * 51}, "`source` must have 1 to 50 characters, not 51"),
        ({"source": 5}, "`source` must be text, not a number"),
        ({"level": "LOUD"}, "`level` must be DEBUG, INFO, WARNING or ERROR"),
        ({"level": None}, "`level` must be text, not null"),
        ({"message": {"deep": [1]}}, "`message` must be text, not an object"),
        ({"message": ["a"]}, "`message` must be text, not a list"),
        ({"message": True}, "`message` must be text, not a truth value"),
        ({"timestamp": float("nan")}, "`timestamp`: nan is no time"),
        ({"timestamp": float("inf")}, "`timestamp`: inf is no time"),
        ({"timestamp": None}, "`timestamp`: 'None' is no time"),
        ({"timestamp": "soon"}, "`timestamp`: 'soon' is no time"),
        ({"timestamp": True}, "`timestamp`: 'True' is no time"),
        ({"timestamp": {}}, "`timestamp`: '{}' is no time"),
    ],
)
def test_it_says_why_an_entry_is_no_line(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoLine) as raised:
        read(entry(**changed))
    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize("missing", ["source", "timestamp", "level", "message"])
def test_it_names_what_is_missing(missing: str) -> None:
    said = entry()
    del said[missing]
    with pytest.raises(NoLine, match=f"`{missing}` is missing"):
        read(said)


@pytest.mark.parametrize("said", [None, 5, "text", [], True, 1.5])
def test_it_refuses_an_entry_that_is_no_object(said: Any) -> None:
    with pytest.raises(NoLine, match="an entry must be an object, not"):
        read(said)


@pytest.mark.parametrize("said", [5, "", "with space", "x" * 65, None, ["a"], "ü", "a\n"])
def test_it_leaves_out_an_id_that_is_none(said: Any) -> None:
    line = read(entry(request_id=said, event_uid=said))
    assert (line.request_id, line.event_uid, line.message) == (None, None, "hello")


def test_it_refuses_bad_entries_alone_and_foreign_sources_by_name() -> None:
    said = [entry(), 5, entry(source="back"), entry(message="last")]
    lines, rejected = read_batch(said, lambda _s: BERLIN, lambda source: source == "front", NOON)
    assert [line.message for line in lines] == ["hello", "last"]
    assert rejected == [
        (1, "an entry must be an object, not a number"),
        (2, "this token may not write lines of the source 'back'"),
    ]
