"""Reading events: lists by keyset, and one event whole. Reads may join anything."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from database.models import Camera, Event, EventFile, EventStage, StageHistory
from nfs.layout import FileKind

HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class FileFacts:
    """A file of an event as the database knows it. `path` is relative to the share."""

    kind: FileKind
    path: str
    size_bytes: int | None
    sha256: str | None


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
    """An event with its camera, files and stages. Times are UTC."""

    id: int
    uid: str
    camera_id: str
    camera_name: str
    camera_location: str
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
    created_at: datetime
    files: dict[FileKind, FileFacts] = field(default_factory=dict)
    stages: dict[str, StageFacts] = field(default_factory=dict)

    @property
    def duration_s(self) -> float | None:
        """Length of the clip in seconds, or None when there is no clip."""
        return self.clip["duration_us"] / 1e6 if self.clip else None


@dataclass(frozen=True)
class Cursor:
    """A place in the list: the last event seen. Older ones follow."""

    started_at: datetime
    id: int


@dataclass(frozen=True)
class Page:
    """A stretch of the list, newest first, and where the next one starts."""

    events: list[EventFacts]
    next: Cursor | None


def recent(
    session: Session,
    *,
    limit: int,
    before: Cursor | None = None,
    camera_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page:
    """Return up to `limit` events, newest first, older than `before`.

    `since` is inclusive and `until` exclusive. Costs the same on every page.
    """
    # Events alone: with the cameras joined, MariaDB may begin with the few cameras, and then sorts
    # a million events.
    query = select(Event)
    if camera_id is not None:
        key = session.scalar(select(Camera.id).where(Camera.camera_id == camera_id))
        if key is None:
            return Page([], None)
        query = query.where(Event.camera == key)
    if before is not None:
        # Not (a, b) < (?, ?): MariaDB does not use the index for that.
        query = query.where(
            Event.started_at <= before.started_at,
            or_(Event.started_at < before.started_at, Event.id < before.id),
        )
    if since is not None:
        query = query.where(Event.started_at >= since)
    if until is not None:
        query = query.where(Event.started_at < until)
    rows = session.scalars(
        query.order_by(Event.started_at.desc(), Event.id.desc()).limit(limit + 1)
    ).all()
    found = _assemble(session, rows[:limit])
    more = len(rows) > limit
    return Page(found, Cursor(found[-1].started_at, found[-1].id) if more else None)


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
    """The events before and after one in time, across all cameras; None at either end."""

    older_id: int | None
    newer_id: int | None


def neighbours(session: Session, facts: EventFacts) -> Neighbours:
    """Return the ids of the next older and the next newer event."""
    at, key = facts.started_at, facts.id
    older = session.scalar(
        select(Event.id)
        .where(Event.started_at <= at, or_(Event.started_at < at, Event.id < key))
        .order_by(Event.started_at.desc(), Event.id.desc())
        .limit(1)
    )
    newer = session.scalar(
        select(Event.id)
        .where(Event.started_at >= at, or_(Event.started_at > at, Event.id > key))
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
    for file in session.scalars(select(EventFile).where(EventFile.event.in_(ids))):
        kind = FileKind(file.kind)
        files[file.event][kind] = FileFacts(kind, file.path, file.size_bytes, file.sha256)
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
            created_at=event.created_at,
            files=files[event.id],
            stages=stages[event.id],
        )
        for event in rows
        for camera in [cameras[event.camera]]
    ]
