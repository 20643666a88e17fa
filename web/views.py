"""From facts to what can be printed: cards, days, and an event's page. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from central.events.query import EventFacts, MoveFacts, StageFacts
from nfs.layout import FileKind
from web import wording
from web.wording import StateView as StateView
from web.wording import ago as ago
from web.wording import day_label as day_label
from web.wording import duration as duration
from web.wording import exact as exact
from web.wording import state_of as state_of
from web.wording import unbroken as unbroken

ENDED = ("done", "failed", "skipped")
VIDEO_MAY_TAKE = timedelta(minutes=15)
"""Old agents bring a video within a minute; after an outage it comes when it comes."""

USUAL_SHAPE = (1280, 720)
"""Width and height to reserve for pictures of a camera that has not said its own."""


@dataclass(frozen=True)
class CardView:
    """One event in the gallery. `image` is None as long as there is no picture."""

    id: int
    camera: str
    day_key: str
    day_label: str
    started: str
    time: str
    ago: str
    passed_s: int
    exact: str
    duration: str
    image: str | None
    reason: str
    state: StateView | None
    continues: bool
    synthetic: bool


@dataclass(frozen=True)
class Day:
    """A day's heading and its events."""

    key: str
    label: str
    cards: list[CardView]


@dataclass(frozen=True)
class BoxView:
    """A box over a still, as SVG attributes in percent."""

    x: str
    y: str
    w: str
    h: str


@dataclass(frozen=True)
class MoveView:
    """One line of a stage's history."""

    time: str
    text: str


@dataclass(frozen=True)
class StageView:
    """One stage of an event. `next_try` is when a failed attempt is repeated, or empty."""

    label: str
    state: StateView
    detail: str
    next_try: str
    moves: list[MoveView]


@dataclass(frozen=True)
class PlayerView:
    """What stands where the video is, or will be. `state` is None when it can be played.

    `working`: somebody is at it right now; nothing turns on the page while nothing happens.
    """

    state: StateView | None
    reason: str
    working: bool = False


@dataclass(frozen=True)
class EventView:
    """An event's page. `width` and `height` are the shape of its pictures."""

    card: CardView
    player: PlayerView
    location: str
    video: str | None
    poster: str | None
    still_a: str | None
    still_b: str | None
    width: int
    height: int
    boxes: list[BoxView]
    zones: list[str]
    why: str
    score: str
    confidence: str
    clip_started: str
    clock: str
    notes: list[str]
    stages: list[StageView]
    settled: bool


def card(facts: EventFacts, zone: ZoneInfo, now: datetime) -> CardView:
    """Return what the gallery shows of an event."""
    local = facts.started_at.astimezone(zone)
    return CardView(
        id=facts.id,
        camera=facts.camera_name,
        day_key=local.date().isoformat(),
        day_label=day_label(local.date(), now.astimezone(zone).date()),
        started=facts.started_at.isoformat(),
        time=f"{local:%H:%M}",
        ago=ago(facts.started_at, now),
        passed_s=int((now - facts.started_at).total_seconds()),
        exact=exact(local),
        duration=duration(facts.duration_s),
        image=_first_media(facts, FileKind.THUMBNAIL, FileKind.STILL_A, FileKind.POSTER),
        reason=unbroken(str((facts.trigger or {}).get("reason") or "")),
        state=card_state(facts, now),
        continues=facts.segment > 1,
        synthetic=bool((facts.origin or {}).get("synthetic")),
    )


def days(cards: Iterable[CardView]) -> list[Day]:
    """Group cards, newest first, under the headings of their days."""
    return [
        Day(key, group[0].day_label, group)
        for key, found in groupby(cards, key=lambda one: one.day_key)
        if (group := list(found))
    ]


def event(facts: EventFacts, moves: list[MoveFacts], zone: ZoneInfo, now: datetime) -> EventView:
    """Return what an event's page shows."""
    trigger = facts.trigger or {}
    started = facts.clip_started_at
    shown = card(facts, zone, now)
    width, height = _shape(facts)
    return EventView(
        card=shown,
        player=player(facts, now),
        location=facts.camera_location,
        video=_first_media(facts, FileKind.MP4),
        poster=_first_media(facts, FileKind.POSTER, FileKind.STILL_A),
        still_a=_first_media(facts, FileKind.STILL_A),
        still_b=_first_media(facts, FileKind.STILL_B),
        width=width,
        height=height,
        boxes=_boxes(trigger),
        zones=[str(zone_name) for zone_name in trigger.get("zones") or []],
        why=wording.sentence(shown.reason or "something moved"),
        score=f"{facts.motion_score:.1f}\u00a0% of the picture moved",
        confidence=f"{facts.confidence_score:.0f}\u00a0%"
        if facts.confidence_score is not None
        else "–",
        clip_started=f"{started.astimezone(zone):%H:%M:%S}" if started else "–",
        clock=clock_words(facts.clock),
        notes=notes(facts, now),
        stages=[
            stage(found, [move for move in moves if move.stage == name], zone)
            for name, found in facts.stages.items()
        ],
        settled=not is_coming(facts, now)
        and all(found.state in ENDED for found in facts.stages.values()),
    )


def stage(facts: StageFacts, moves: list[MoveFacts], zone: ZoneInfo) -> StageView:
    """Return what is shown of a stage and its history."""
    again = facts.state == "waiting" and facts.attempt > 0
    return StageView(
        label=wording.words_of(facts.stage).label,
        state=state_of(facts),
        detail=facts.last_error or "",
        next_try=f"{facts.not_before.astimezone(zone):%H:%M:%S}" if again else "",
        moves=[
            MoveView(f"{move.at.astimezone(zone):%H:%M:%S}", wording.move_sentence(move))
            for move in moves
        ],
    )


def is_coming(facts: EventFacts, now: datetime) -> bool:
    """Tell whether the agent will still bring the video: it said nothing else, and has had time."""
    if not facts.awaits_video or facts.said_status in ("interrupted", "failed", "complete"):
        return False
    return now - facts.created_at < VIDEO_MAY_TAKE


def has_no_video(facts: EventFacts, now: datetime) -> bool:
    """Tell whether there is no video of this event and will be none."""
    convert = facts.stages.get("convert")
    if convert is None:
        return not is_coming(facts, now)
    return convert.state == "skipped"


def card_state(facts: EventFacts, now: datetime) -> StateView | None:
    """Return what a card must say about its event, or None when all is well."""
    if is_coming(facts, now):
        return StateView("busy", "recording")
    if has_no_video(facts, now):
        return StateView("quiet", "no video")
    convert = facts.stages.get("convert")
    if FileKind.MP4 not in facts.files and convert is not None and convert.state != "done":
        if convert.state == "failed":
            return StateView("bad", "video failed")
        return StateView("busy", "preparing video")
    asked = [facts.stages[name] for name in wording.AI_STAGES if name in facts.stages]
    if any(found.state not in ENDED for found in asked):
        return StateView("quiet", "waiting for AI")
    return None


def player(facts: EventFacts, now: datetime) -> PlayerView:
    """Return what stands in the video's place until it can be played, and why."""
    if FileKind.MP4 in facts.files:
        return PlayerView(None, "")
    convert = facts.stages.get("convert")
    if is_coming(facts, now):
        return PlayerView(StateView("busy", "The camera is still recording."), "")
    if has_no_video(facts, now) or convert is None:
        return PlayerView(StateView("quiet", "This event has no video."), "")
    if convert.state == "failed":
        return PlayerView(
            StateView("bad", "The video could not be made."),
            wording.sentence(convert.last_error or ""),
        )
    if convert.state == "done":
        return PlayerView(StateView("bad", "The video is no longer on the share."), "")
    return PlayerView(
        StateView("busy", wording.sentence(state_of(convert).text)),
        wording.sentence(convert.last_error or ""),
        working=convert.state == "claimed",
    )


def notes(facts: EventFacts, now: datetime) -> list[str]:
    """Return what is unusual about an event, in sentences."""
    found = []
    if (facts.origin or {}).get("synthetic"):
        found.append("This is a synthetic scene, not a real camera.")
    if facts.salvaged:
        found.append("The camera lost power during this event; this is what was saved.")
    elif facts.said_status == "interrupted":
        found.append("The camera was interrupted during this event.")
    if not (facts.clock or {}).get("synchronised", True):
        found.append(clock_note(facts.clock or {}))
    if has_no_video(facts, now):
        found.append("This event has no video.")
    return found


def clock_note(reading: dict[str, Any]) -> str:
    """Return what a clock that was not set means for the event's time."""
    if reading.get("said"):
        return "The camera's clock was wrong: this is when the hub heard of the event."
    return "The camera's clock had not been set yet: the time may be wrong."


def clock_words(reading: dict[str, Any] | None) -> str:
    """Return what the camera's clock was worth, or nothing when nobody knows."""
    if not reading:
        return ""
    if not reading.get("synchronised", True):
        return "not set yet"
    offset = reading.get("offset_ms")
    if not isinstance(offset, int | float):
        return ""
    return "right" if abs(offset) < 500 else f"off by {abs(offset) / 1000:.1f}\u00a0s"


def _boxes(trigger: dict[str, Any]) -> list[BoxView]:
    found = []
    for box in trigger.get("boxes") or []:
        try:
            edges = [float(box[edge]) for edge in "xywh"]
        except (KeyError, TypeError, ValueError):
            continue  # agents of other houses send other shapes; a page never fails for one box
        if all(math.isfinite(edge) for edge in edges):
            found.append(BoxView(*(f"{100 * edge:.2f}%" for edge in edges)))
    return found


def _shape(facts: EventFacts) -> tuple[int, int]:
    clip = facts.clip or {}
    width, height = clip.get("width"), clip.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return USUAL_SHAPE


def _first_media(facts: EventFacts, *kinds: FileKind) -> str | None:
    return next(
        (f"/api/v1/events/{facts.id}/media/{kind}" for kind in kinds if kind in facts.files), None
    )
