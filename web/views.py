"""From facts to what can be printed: words, local times, states. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from central.events.query import EventFacts, MoveFacts, StageFacts
from nfs.layout import FileKind

STAGE_LABELS = {"convert": "Video"}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class StateView:
    """Where something stands, in words. `tone` is good, busy, bad or quiet."""

    tone: str
    text: str


@dataclass(frozen=True)
class CardView:
    """One event in the gallery. `image` is None as long as there is no picture."""

    id: int
    camera: str
    day_key: str
    day_label: str
    started: str
    time: str
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
    """One stage of an event."""

    label: str
    state: StateView
    detail: str
    moves: list[MoveView]


@dataclass(frozen=True)
class EventView:
    """An event's page."""

    card: CardView
    location: str
    video: str | None
    poster: str | None
    still_a: str | None
    still_b: str | None
    boxes: list[BoxView]
    zones: list[str]
    score: str
    confidence: str
    clip_started: str
    notes: list[str]
    stages: list[StageView]
    settled: bool


def card(facts: EventFacts, zone: ZoneInfo, now: datetime) -> CardView:
    """Return what the gallery shows of an event."""
    local = facts.started_at.astimezone(zone)
    trigger = facts.trigger or {}
    return CardView(
        id=facts.id,
        camera=facts.camera_name,
        day_key=f"{local:%Y-%m-%d}",
        day_label=day_label(local.date(), now.astimezone(zone).date()),
        started=facts.started_at.isoformat(),
        time=f"{local:%H:%M}",
        exact=exact(local),
        duration=duration(facts.duration_s),
        image=_image(facts),
        reason=unbroken(str(trigger.get("reason") or "")),
        state=card_state(facts),
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
    return EventView(
        card=card(facts, zone, now),
        location=facts.camera_location,
        video=_media(facts, FileKind.MP4),
        poster=_media(facts, FileKind.POSTER) or _media(facts, FileKind.STILL_A),
        still_a=_media(facts, FileKind.STILL_A),
        still_b=_media(facts, FileKind.STILL_B),
        boxes=[
            BoxView(*(f"{100 * float(box[edge]):.2f}%" for edge in "xywh"))
            for box in trigger.get("boxes", [])
        ],
        zones=[str(zone_name) for zone_name in trigger.get("zones", [])],
        score=f"{facts.motion_score:.1f}\u00a0% of the picture moved",
        confidence=f"{facts.confidence_score:.0f}\u00a0%"
        if facts.confidence_score is not None
        else "–",
        clip_started=f"{started.astimezone(zone):%H:%M:%S}" if started else "–",
        notes=notes(facts),
        stages=[
            stage(found, [move for move in moves if move.stage == name], zone)
            for name, found in facts.stages.items()
        ],
        settled=all(
            found.state in ("done", "failed", "skipped") for found in facts.stages.values()
        ),
    )


def stage(facts: StageFacts, moves: list[MoveFacts], zone: ZoneInfo) -> StageView:
    """Return what is shown of a stage and its history."""
    return StageView(
        label=STAGE_LABELS.get(facts.stage, facts.stage.capitalize()),
        state=state_of(facts),
        detail=facts.last_error or "",
        moves=[MoveView(f"{move.at.astimezone(zone):%H:%M:%S}", _sentence(move)) for move in moves],
    )


def state_of(facts: StageFacts) -> StateView:
    """Return a stage's state in words a homeowner understands."""
    if facts.state == "waiting" and facts.attempt:
        return StateView("busy", f"will be tried again (attempt {facts.attempt} did not work)")
    return {
        "waiting": StateView("busy", "waiting to be converted"),
        "claimed": StateView("busy", "being converted now"),
        "done": StateView("good", "ready"),
        "failed": StateView("bad", "failed"),
        "skipped": StateView("quiet", "not needed"),
    }.get(facts.state, StateView("quiet", facts.state))


def card_state(facts: EventFacts) -> StateView | None:
    """Return what a card must say about its event, or None when all is well."""
    convert = facts.stages.get("convert")
    if facts.clip is None:
        return StateView("quiet", "no video")
    if convert is None or convert.state == "done":
        return None
    if convert.state == "failed":
        return StateView("bad", "video failed")
    return StateView("busy", "preparing video")


def notes(facts: EventFacts) -> list[str]:
    """Return what is unusual about an event, in sentences."""
    found = []
    if (facts.origin or {}).get("synthetic"):
        found.append("This is a synthetic scene, not a real camera.")
    if facts.salvaged:
        found.append("The camera lost power during this event; this is what was saved.")
    clock = facts.clock or {}
    if not clock.get("synchronised", True):
        found.append("The camera's clock had not been set yet: the time may be wrong.")
    if facts.clip is None:
        found.append("This event has no video.")
    return found


def duration(seconds: float | None) -> str:
    """Return a length as minutes and seconds, such as 0:12, or nothing."""
    if seconds is None:
        return ""
    whole = int(seconds)  # as players count
    return f"{whole // 60}:{whole % 60:02d}"


def day_label(day: date, today: date) -> str:
    """Return Today, Yesterday, or the date in words."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]}{year}"


def unbroken(sentence: str) -> str:
    """Return a sentence in which a line never ends between a number and its unit."""
    return re.sub(r"(?<=\d) (?=s\b|%)", "\u00a0", sentence)


def exact(local: datetime) -> str:
    """Return a local time in full, with its zone."""
    return (
        f"{WEEKDAYS[local.weekday()]}, {local.day} {MONTHS[local.month - 1]} {local.year}, "
        f"{local:%H:%M:%S} {local.tzname()}"
    )


def _sentence(move: MoveFacts) -> str:
    what = {
        "claim": "taken",
        "finish": "done",
        "skip": "left out",
        "retry": "did not work, will be tried again",
        "give_up": "given up",
        "expire": "taken back",
        "requeue": "queued again",
    }.get(move.verb, move.verb)
    why = f": {move.reason}" if move.reason else ""
    return f"{what} by {move.actor}, attempt {move.attempt}{why}"


def _image(facts: EventFacts) -> str | None:
    for kind in (FileKind.THUMBNAIL, FileKind.STILL_A, FileKind.POSTER):
        if found := _media(facts, kind):
            return found
    return None


def _media(facts: EventFacts, kind: FileKind) -> str | None:
    return f"/api/v1/events/{facts.id}/media/{kind}" if kind in facts.files else None
