"""Events as the API shows them: old agents' words and our own, side by side."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from central.events.query import EventFacts, FileFacts, StageFacts
from central.wire import projection
from central.wire.messages import WireEvent
from nfs.layout import FileKind


class FileOut(BaseModel):
    """A file of an event."""

    kind: FileKind
    url: str
    size_bytes: int | None
    sha256: str | None


class StageOut(BaseModel):
    """Where the event stands in one stage."""

    state: str
    attempt: int
    last_error: str | None
    updated_at: datetime


class EventOut(WireEvent):
    """An event as clients see it.

    The times that the wire contract names are naive and local; `started_at`, `clip_started_at`,
    `ended_at` and `registered_at` are UTC.
    """

    uid: UUID
    started_at: datetime
    clip_started_at: datetime | None
    ended_at: datetime | None
    registered_at: datetime
    duration_s: float | None
    trigger: dict[str, Any] | None
    origin: dict[str, Any] | None
    clock: dict[str, Any] | None
    clip: dict[str, Any] | None
    segment: int
    previous_uid: UUID | None
    salvaged: bool
    files: list[FileOut]
    stages: dict[str, StageOut]


class EventPage(BaseModel):
    """Events, newest first. Pass `next` as `before` to get older ones; null at the end.

    `total` counts all that the filter finds. Pages reached by `before` cost the same however old
    they are; those reached by `offset` do not.
    """

    events: list[EventOut]
    total: int
    limit: int
    offset: int
    next: str | None


def shown(facts: EventFacts, house: ZoneInfo) -> EventOut:
    """Return what clients see of an event."""
    return EventOut(
        **projection.event(facts, house).model_dump(),
        uid=UUID(facts.uid),
        started_at=facts.started_at,
        clip_started_at=facts.clip_started_at,
        ended_at=facts.ended_at,
        registered_at=facts.created_at,
        duration_s=facts.duration_s,
        trigger=facts.trigger,
        origin=facts.origin,
        clock=facts.clock,
        clip=facts.clip,
        segment=facts.segment,
        previous_uid=UUID(facts.previous_uid) if facts.previous_uid else None,
        salvaged=facts.salvaged,
        files=[_file(facts.id, file) for file in facts.files.values()],
        stages={name: _stage(stage) for name, stage in facts.stages.items()},
    )


def _file(event_id: int, file: FileFacts) -> FileOut:
    return FileOut(
        kind=file.kind,
        url=f"/api/v1/events/{event_id}/media/{file.kind}",
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )


def _stage(stage: StageFacts) -> StageOut:
    return StageOut(
        state=stage.state,
        attempt=stage.attempt,
        last_error=stage.last_error,
        updated_at=stage.updated_at,
    )
