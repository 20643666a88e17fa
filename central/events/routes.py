"""`/api/v1/events`: registration by agents, lists, one event, and its files."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from central.accounts.access import AgentIdentity, TheReader, TheWireAgent, TheWireReader
from central.context import TheHub
from central.errors import NotFound
from central.events import files, query, register
from central.events.cursor import decode_cursor, encode_cursor
from central.events.query import EventFacts
from central.media import serve
from nfs.layout import FileKind
from nfs.manifest import Manifest

router = APIRouter(prefix="/api/v1/events", tags=["events"])


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


class EventOut(BaseModel):
    """An event as clients see it. Times are UTC."""

    id: int
    uid: UUID
    camera_id: str
    started_at: datetime
    clip_started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    motion_score: float
    confidence_score: float | None
    trigger: dict[str, Any] | None
    origin: dict[str, Any] | None
    clip: dict[str, Any] | None
    segment: int
    previous_uid: UUID | None
    salvaged: bool
    files: list[FileOut]
    stages: dict[str, StageOut]
    created_at: datetime


class EventPage(BaseModel):
    """Events, newest first. Pass `next` as `before` to get older ones; null at the end."""

    events: list[EventOut]
    limit: int
    next: str | None


def shown(facts: EventFacts) -> EventOut:
    """Return what clients see of an event."""
    return EventOut(
        **{
            name: getattr(facts, name)
            for name in EventOut.model_fields
            if name not in ("files", "stages")
        },
        files=[
            FileOut(
                kind=file.kind,
                url=f"/api/v1/events/{facts.id}/media/{file.kind}",
                size_bytes=file.size_bytes,
                sha256=file.sha256,
            )
            for file in facts.files.values()
        ],
        stages={
            name: StageOut(
                state=stage.state,
                attempt=stage.attempt,
                last_error=stage.last_error,
                updated_at=stage.updated_at,
            )
            for name, stage in facts.stages.items()
        },
    )


@router.post("", status_code=201, responses={200: {"description": "Registered before"}})
def register_event(
    manifest: Manifest, agent: TheWireAgent, hub: TheHub, response: Response
) -> EventOut:
    """Register an event by its manifest. The same again answers 200 with the same event."""
    agent.must_own(manifest.camera_id)
    done = register.register(hub.database, manifest, hub.clock())
    response.status_code = 201 if done.is_new else 200
    return shown(done.facts) if done.facts else _read(hub, done.event_id, agent)


@router.get("")
def list_events(
    reader: TheWireReader,
    hub: TheHub,
    camera_id: str | None = None,
    before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EventPage:
    """List events, newest first."""
    if isinstance(reader, AgentIdentity) and reader.camera_id is not None:
        camera_id = reader.camera_id
    with hub.database.reading() as session:
        page = query.recent(
            session,
            limit=limit,
            before=decode_cursor(before) if before else None,
            camera_id=camera_id,
        )
    return EventPage(
        events=[shown(facts) for facts in page.events],
        limit=limit,
        next=encode_cursor(page.next) if page.next else None,
    )


@router.get("/{event_id}")
def read_event(event_id: int, reader: TheWireReader, hub: TheHub) -> EventOut:
    """Return one event."""
    return _read(hub, event_id, reader)


@router.get("/{event_id}/media/{kind}", response_class=Response)
@router.head("/{event_id}/media/{kind}", response_class=Response, include_in_schema=False)
def media(
    event_id: int, kind: FileKind, request: Request, reader: TheReader, hub: TheHub
) -> Response:
    """Return a file of an event; byte ranges are honoured, so players can seek."""
    with hub.database.reading() as session:
        facts = query.one(session, event_id)
        file = files.find(session, event_id, kind) if facts else None
    if facts is None or not _may_see(reader, facts):
        raise NotFound(f"Event {event_id} not found")
    if file is None:
        raise NotFound(f"event {event_id} has no {kind}")
    return serve.respond(hub.settings.share_root, file.path, kind, request)


def _read(hub: TheHub, event_id: int, reader: object) -> EventOut:
    with hub.database.reading() as session:
        facts = query.one(session, event_id)
    if facts is None or not _may_see(reader, facts):
        raise NotFound(f"Event {event_id} not found")
    return shown(facts)


def _may_see(reader: object, facts: EventFacts) -> bool:
    return not isinstance(reader, AgentIdentity) or reader.camera_id in (None, facts.camera_id)
