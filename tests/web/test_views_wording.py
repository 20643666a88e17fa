"""The words of the pages: how long ago, what a stage is doing, what a clock was worth."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.events.query import FileFacts, MoveFacts
from nfs.layout import FileKind
from tests.web.test_views import BERLIN, NOW, facts, stage
from web import views, wording

SUMMER_ENDS = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1\u00a0min ago"),
        (timedelta(minutes=59, seconds=59), "59\u00a0min ago"),
        (timedelta(hours=1), "1\u00a0h ago"),
        (timedelta(hours=11, minutes=59), "11\u00a0h ago"),
        (timedelta(hours=12), ""),
        (timedelta(minutes=-10), ""),
    ],
)
def test_it_says_how_long_ago_only_while_that_helps(passed: timedelta, said: str) -> None:
    assert wording.ago(NOW - passed, NOW) == said


def test_it_tells_the_two_hours_apart_when_summer_time_ends() -> None:
    first = views.card(facts(started_at=SUMMER_ENDS), BERLIN, NOW)
    second = views.card(facts(started_at=SUMMER_ENDS + timedelta(hours=1)), BERLIN, NOW)
    assert first.time == second.time == "02:30"
    assert first.exact.endswith("02:30:00 CEST")
    assert second.exact.endswith("02:30:00 CET")


@pytest.mark.parametrize(
    ("name", "state", "said"),
    [
        ("convert", "waiting", "waiting to be converted"),
        ("convert", "claimed", "converting…"),
        ("describe", "waiting", "waiting for AI"),
        ("describe", "claimed", "AI is describing…"),
        ("detect", "done", "looked at"),
        ("archive", "skipped", "not needed"),
        ("unheard_of", "waiting", "waiting"),
        ("convert", "unheard_of", "unheard_of"),
    ],
)
def test_it_names_what_each_stage_is_doing(name: str, state: str, said: str) -> None:
    found = stage(state, attempt=0)
    shown = views.state_of(type(found)(name, state, 0, NOW, None, NOW))
    assert shown.text == said


@pytest.mark.parametrize("state", ["waiting", "claimed"])
def test_it_says_on_the_card_that_ai_has_not_looked_yet(state: str) -> None:
    asked = stage(state, 0)
    describe = type(asked)("describe", state, 0, NOW, None, NOW)
    card = views.card(facts(stages={"convert": stage("done"), "describe": describe}), BERLIN, NOW)
    assert card.state == views.StateView("quiet", "waiting for AI")


def test_it_does_not_hide_a_video_that_is_made_again() -> None:
    mp4 = {FileKind.MP4: FileFacts(FileKind.MP4, "x", 1, None)}
    again = facts(files=mp4, stages={"convert": stage("waiting", 0)})
    assert views.card_state(again, NOW) is None
    assert views.player(again, NOW).state is None


def test_it_keeps_the_names_within_a_sentence_as_they_are() -> None:
    trigger: dict[str, Any] = {"reason": "a car in Front Garden stopped"}
    shown = views.event(facts(trigger=trigger), [], BERLIN, NOW)
    assert shown.why == "A car in Front Garden stopped."
    assert views.event(facts(trigger=None), [], BERLIN, NOW).why == "Something moved."


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (None, ""),
        ({"synchronised": True}, ""),
        ({"synchronised": False, "offset_ms": 3}, "not set yet"),
        ({"synchronised": True, "offset_ms": 120}, "right"),
        ({"synchronised": True, "offset_ms": -2440}, "off by 2.4\u00a0s"),
        ({"synchronised": True, "offset_ms": "lots"}, ""),
    ],
)
def test_it_says_what_the_camera_s_clock_was_worth(
    reading: dict[str, Any] | None, said: str
) -> None:
    assert views.clock_words(reading) == said


def test_it_tells_the_history_of_a_stage_in_local_time() -> None:
    move = MoveFacts("convert", "retry", "claimed", "waiting", 2, "jobs-1", "torn", NOW)
    shown = views.event(facts(), [move], ZoneInfo("Asia/Kolkata"), NOW)
    (line,) = shown.stages[0].moves
    assert line.time == "15:30:00"
    assert line.text == "did not work, will be tried again by jobs-1, attempt 2: torn"
