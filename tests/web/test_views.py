"""What pages print: local times, honest states, plain words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.events.query import EventFacts, FileFacts, StageFacts
from nfs.layout import FileKind
from web import views

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def facts(**changes: Any) -> EventFacts:
    base = EventFacts(
        id=7,
        uid="u",
        camera_id="front",
        camera_name="Front door",
        camera_location="Street",
        camera_timezone=None,
        started_at=NOW - timedelta(hours=1),
        clip_started_at=NOW - timedelta(hours=1, seconds=5),
        ended_at=NOW,
        motion_score=3.25,
        confidence_score=81.4,
        trigger={
            "reason": "it moved for 1.4 s",
            "boxes": [{"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}],
        },
        origin={"kind": "file", "synthetic": False},
        clock={"synchronised": True},
        clip={"duration_us": 72_400_000, "packets": 700},
        segment=1,
        previous_uid=None,
        salvaged=False,
        said_status=None,
        duration_s=72.4,
        created_at=NOW,
        files={FileKind.MP4: FileFacts(FileKind.MP4, "x", 1, None)},
        stages={"convert": stage("done")},
    )
    return replace(base, **changes)


def stage(state: str, attempt: int = 1, error: str | None = None) -> StageFacts:
    return StageFacts("convert", state, attempt, NOW, error, NOW)


def test_it_shows_local_times_with_their_zone() -> None:
    card = views.card(facts(), BERLIN, NOW)
    assert card.time == "10:00"
    assert card.exact == "Monday, 2 March 2026, 10:00:00 CET"
    assert card.duration == "1:12"


def test_it_files_an_event_of_the_late_evening_under_the_local_day() -> None:
    late = facts(started_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert views.card(late, BERLIN, NOW).day_key == "2026-03-02"


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2026, 3, 2), "Today"),
        (date(2026, 3, 1), "Yesterday"),
        (date(2026, 2, 27), "Friday, 27 February"),
        (date(2025, 12, 31), "Wednesday, 31 December 2025"),
    ],
)
def test_it_names_days_as_people_do(day: date, label: str) -> None:
    assert views.day_label(day, date(2026, 3, 2)) == label


@pytest.mark.parametrize(
    ("state", "tone", "text"),
    [
        (stage("waiting", 0), "busy", "preparing video"),
        (stage("claimed"), "busy", "preparing video"),
        (stage("failed", 4, "torn"), "bad", "video failed"),
    ],
)
def test_it_says_honestly_what_a_card_lacks(state: StageFacts, tone: str, text: str) -> None:
    card = views.card(facts(files={}, stages={"convert": state}), BERLIN, NOW)
    assert card.state == views.StateView(tone, text)
    assert card.image is None


def test_it_says_nothing_when_all_is_well() -> None:
    assert views.card(facts(), BERLIN, NOW).state is None


def test_it_tells_what_is_unusual_about_an_event() -> None:
    odd = facts(
        salvaged=True,
        clock={"synchronised": False},
        origin={"synthetic": True},
        stages={"convert": stage("skipped", 0)},
    )
    assert len(views.notes(odd, NOW)) == 4
    assert views.notes(facts(), NOW) == []


def test_it_tells_of_a_clock_that_was_wrong() -> None:
    woke = facts(clock={"said": "1970-01-01T00:03:12", "synchronised": False})
    assert views.notes(woke, NOW) == [
        "The camera's clock was wrong: this is when the hub heard of the event."
    ]


@pytest.mark.parametrize(
    ("said", "minutes", "card", "sentence"),
    [
        (None, 1, "recording", "The camera is still recording."),
        ("processing", 1, "recording", "The camera is still recording."),
        (None, 20, "no video", "This event has no video."),
        ("interrupted", 1, "no video", "This event has no video."),
    ],
)
def test_it_waits_for_a_video_for_as_long_as_one_may_come(
    said: str | None, minutes: int, card: str, sentence: str
) -> None:
    begun = NOW - timedelta(minutes=minutes)
    coming = facts(
        files={}, stages={}, clip=None, duration_s=None, said_status=said, created_at=begun
    )
    shown = views.event(coming, [], BERLIN, NOW)
    assert shown.card.state is not None
    assert shown.card.state.text == card
    assert shown.player.state is not None
    assert shown.player.state.text == sentence
    assert shown.settled is (card == "no video")


def test_it_shows_why_a_stage_failed() -> None:
    shown = views.event(facts(stages={"convert": stage("failed", 4, "torn")}), [], BERLIN, NOW)
    assert shown.stages[0].detail == "torn"
    assert shown.settled


def test_it_groups_cards_under_their_days_in_order() -> None:
    cards = [
        views.card(facts(id=n, started_at=NOW - timedelta(hours=14 * n)), BERLIN, NOW)
        for n in range(4)
    ]
    days = views.days(cards)
    assert [day.label for day in days] == ["Today", "Yesterday", "Saturday, 28 February"]
    assert [card.id for day in days for card in day.cards] == [0, 1, 2, 3]


def test_it_never_breaks_a_line_between_number_and_unit() -> None:
    assert views.unbroken("moved for 1.4 s, 3 % of 2 cars") == (
        "moved for 1.4\u00a0s, 3\u00a0% of 2 cars"
    )
