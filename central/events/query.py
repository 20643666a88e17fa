"""Reading events: lists by keyset, and one event whole. Reads may join anything."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from central.cameras import registry
from central.cursor import HIGHEST_ID, Place
from central.events import totals
from database.models import Camera, Event, EventFile, EventStage, StageHistory
from nfs.layout import FileKind


@dataclass(frozen=True)
class FileFacts:
    """A file of an event as the database knows it. `path` is relative to the share.

    `transferred`: it lies there complete; else it is on its way.
    """

    kind: FileKind
    path: str
    size_bytes: int | None
    sha256: str | None
    transferred: bool = True


@dataclass(frozen=True)
class StageFacts:
    """Where the event stands in one stage."""

    stage: str
    state: str
    attempt: int
    not_before: datetime
    last_error: str | None
    updated_at: datetime


@dataclass(frozen=True)
class MoveFacts:
    """One row of a stage's history."""

    stage: str
    verb: str
    from_state: str
    to_state: str
    attempt: int
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class EventFacts:
    """An event with its camera, files and stages. Times are UTC.

    `files` lie complete on the share; those `on_their_way` an agent has only spoken of; those
    `gone` lay there once, and somebody removed them.
    `said_status` is the agent's own word on how the event ended, None when it said none.
    """

    id: int
    uid: str
    camera_id: str
    camera_name: str
    camera_location: str
    camera_timezone: str | None
    started_at: datetime
    clip_started_at: datetime | None
    ended_at: datetime | None
    motion_score: float
    confidence_score: float | None
    trigger: dict[str, Any] | None
    origin: dict[str, Any] | None
    clock: dict[str, Any] | None
    clip: dict[str, Any] | None
    segment: int
    previous_uid: str | None
    salvaged: bool
    said_status: str | None
    duration_s: float | None
    created_at: datetime
    files: dict[FileKind, FileFacts] = field(default_factory=dict)
    stages: dict[str, StageFacts] = field(default_factory=dict)
    on_their_way: dict[FileKind, FileFacts] = field(default_factory=dict)
    gone: dict[FileKind, FileFacts] = field(default_factory=dict)

    @property
    def awaits_video(self) -> bool:
        """Whether the agent may still bring a video: one stage or another begins when it does."""
        return "convert" not in self.stages


@dataclass(frozen=True)
class Page:
    """A stretch of the list, newest first, and where the next one starts."""

    events: list[EventFacts]
    next: Place | None


def recent(
    session: Session,
    *,
    limit: int,
    before: Place | None = None,
    cameras: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    offset: int = 0,
) -> Page:
    """Return up to `limit` events, newest first, older than `before`.

    `cameras` are public names; None: all. `since` is inclusive and `until` exclusive. Costs the
    same on every page, but for those reached by `offset`, which passes over as many, one by one.
    """
    # Events alone: with the cameras joined, MariaDB may begin with the few cameras, and then sorts
    # a million events.
    keys = _keys(session, cameras)
    query = select(Event).where(*_within(keys, since, until))
    if before is not None:
        # Not (a, b) < (?, ?): MariaDB does not use the index for that.
        query = query.where(
            Event.started_at <= before.at,
            or_(Event.started_at < before.at, Event.id < before.id),
        )
    rows = session.scalars(
        query.order_by(Event.started_at.desc(), Event.id.desc()).limit(limit + 1).offset(offset)
    ).all()
    found = _assemble(session, rows[:limit])
    more = len(rows) > limit
    return Page(found, Place(found[-1].started_at, found[-1].id) if more else None)


def total(
    session: Session,
    *,
    cameras: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Return how many events there are: all of them by counters, those of a day one by one."""
    keys = _keys(session, cameras)
    if since is None and until is None:
        return totals.total(session, keys)
    query = select(func.count(Event.id)).where(*_within(keys, since, until))
    return session.scalar(query) or 0


def brought(session: Session, camera: int, since: datetime) -> tuple[int, int, int]:
    """Return what a camera has brought since then: events, files, and bytes on the share."""
    theirs = _within([camera], since, None)
    events = session.scalar(select(func.count(Event.id)).where(*theirs)) or 0
    files, size_bytes = session.execute(
        select(func.count(EventFile.id), func.coalesce(func.sum(EventFile.size_bytes), 0))
        .join(Event, EventFile.event == Event.id)
        .where(EventFile.transferred, *theirs)
    ).one()
    return events, files, int(size_bytes or 0)


def one(session: Session, event_id: int) -> EventFacts | None:
    """Return the event with this id, or None. A number that no column can hold has no event."""
    if not 0 < event_id <= HIGHEST_ID:
        return None
    return _single(session, select(Event).where(Event.id == event_id))


def by_uid(session: Session, uid: str) -> EventFacts | None:
    """Return the event with this uid, or None."""
    return _single(session, select(Event).where(Event.uid == uid))


@dataclass(frozen=True)
class Neighbours:
    """The events before and after one in time; None at either end."""

    older_id: int | None
    newer_id: int | None


def neighbours(
    session: Session, facts: EventFacts, cameras: Collection[str] | None = None
) -> Neighbours:
    """Return the ids of the next older and the next newer event of these cameras; None: of all."""
    at, key = facts.started_at, facts.id
    theirs = _within(_keys(session, cameras), None, None)
    older = session.scalar(
        select(Event.id)
        .where(*theirs, Event.started_at <= at, or_(Event.started_at < at, Event.id < key))
        .order_by(Event.started_at.desc(), Event.id.desc())
        .limit(1)
    )
    newer = session.scalar(
        select(Event.id)
        .where(*theirs, Event.started_at >= at, or_(Event.started_at > at, Event.id > key))
        .order_by(Event.started_at, Event.id)
        .limit(1)
    )
    return Neighbours(older, newer)


def history(session: Session, event_id: int) -> list[MoveFacts]:
    """Return every move of every stage of one event, oldest first."""
    rows = session.scalars(
        select(StageHistory).where(StageHistory.event == event_id).order_by(StageHistory.id)
    )
    return [
        MoveFacts(
            row.stage,
            row.verb,
            row.from_state,
            row.to_state,
            row.attempt,
            row.actor,
            row.reason,
            row.at,
        )
        for row in rows
    ]


def _keys(session: Session, cameras: Collection[str] | None) -> list[int] | None:
    """Return the keys of cameras; fewer when nobody knows some of them; None for all."""
    if cameras is None:
        return None
    found = (registry.find(session, name) for name in cameras)
    return [camera.id for camera in found if camera is not None]


def _within(
    keys: list[int] | None, since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if keys is not None:
        found.append(Event.camera == keys[0] if len(keys) == 1 else Event.camera.in_(keys))
    if since is not None:
        found.append(Event.started_at >= since)
    if until is not None:
        found.append(Event.started_at < until)
    return found


def _single(session: Session, query: Select[Event]) -> EventFacts | None:
    found = _assemble(session, session.scalars(query).all())
    return found[0] if found else None


def _assemble(session: Session, rows: Sequence[Event]) -> list[EventFacts]:
    if not rows:
        return []
    ids = [event.id for event in rows]
    wanted = {event.camera for event in rows}
    cameras = {
        camera.id: camera for camera in session.scalars(select(Camera).where(Camera.id.in_(wanted)))
    }
    files: dict[int, dict[FileKind, FileFacts]] = defaultdict(dict)
    coming: dict[int, dict[FileKind, FileFacts]] = defaultdict(dict)
    gone: dict[int, dict[FileKind, FileFacts]] = defaultdict(dict)
    for file in session.scalars(select(EventFile).where(EventFile.event.in_(ids))):
        kind = FileKind(file.kind)
        place = gone if file.gone_at else files if file.transferred else coming
        place[file.event][kind] = FileFacts(
            kind, file.path, file.size_bytes, file.sha256, file.transferred
        )
    stages: dict[int, dict[str, StageFacts]] = defaultdict(dict)
    for row in session.scalars(select(EventStage).where(EventStage.event.in_(ids))):
        stages[row.event][row.stage] = StageFacts(
            row.stage, row.state, row.attempt, row.not_before, row.last_error, row.updated_at
        )
    return [
        EventFacts(
            id=event.id,
            uid=event.uid,
            camera_id=camera.camera_id,
            camera_name=camera.name,
            camera_location=camera.location,
            camera_timezone=camera.timezone,
            started_at=event.started_at,
            clip_started_at=event.clip_started_at,
            ended_at=event.ended_at,
            motion_score=event.motion_score,
            confidence_score=event.confidence_score,
            trigger=event.trigger,
            origin=event.origin,
            clock=event.clock,
            clip=event.clip,
            segment=event.segment,
            previous_uid=event.previous_uid,
            salvaged=event.salvaged,
            said_status=event.said_status,
            duration_s=event.duration_s,
            created_at=event.created_at,
            files=files[event.id],
            stages=stages[event.id],
            on_their_way=coming[event.id],
            gone=gone[event.id],
        )
        for event in rows
        for camera in [cameras[event.camera]]
    ]
