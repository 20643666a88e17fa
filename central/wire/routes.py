"""The calls of the wire contract on events, for old agents and ours alike; `open` frees these."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Discriminator, Tag

from central import cursor, local_time
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from central.cameras import registry
from central.context import Hub, TheHub
from central.cursor import HIGHEST_ID
from central.errors import BadRequest, NotFound
from central.events import progress, query, register
from central.events.progress import Arrival, Moment
from central.events.query import EventFacts
from central.wire.answers import EventOut, EventPage, shown
from central.wire.messages import (
    Announcement,
    CameraStats,
    FileArrival,
    OldKind,
    StatusWord,
)
from nfs.layout import CAMERA_ID_PATTERN
from nfs.manifest import Manifest

router = APIRouter(prefix="/api/v1", tags=["events"])

NAMESPACE = UUID("6f0b4d38-62a5-5b6e-9d0c-5d2a8d6f2f6b")
"""Uids of old agents' events are derived within it; another value would double every repeat."""

Agent = Annotated[Caller, Depends(needs(Permission.EVENTS_REGISTER, wire=True))]
Reader = Annotated[Caller, Depends(needs(Permission.EVENTS_READ, wire=True))]
CameraReader = Annotated[Caller, Depends(needs(Permission.CAMERAS_READ, wire=True))]

CameraId = Annotated[str, Query(pattern=rf"^{CAMERA_ID_PATTERN}$")]


def _speaker(body: object) -> str:
    """Tell a manifest, which has a uid, from an old agent's few words."""
    has_uid = "uid" in body if isinstance(body, dict) else isinstance(body, Manifest)
    return "manifest" if has_uid else "announcement"


EventBody = Annotated[
    Annotated[Manifest, Tag("manifest")] | Annotated[Announcement, Tag("announcement")],
    Discriminator(_speaker),
]


def uid_of(said: Announcement) -> UUID:
    """Return the uid of an announced event: the same for every repeat, whenever it comes."""
    return uuid5(NAMESPACE, f"{said.camera_id}\n{said.timestamp}\n{float(said.motion_score)!r}")


def found(event_id: int, caller: Caller, hub: Hub) -> EventFacts:
    """Return an event, if the caller may know of it. Raises NotFound."""
    unknown = f"Event {event_id} not found"
    with hub.database.reading() as session:
        facts = query.one(session, event_id)
    if facts is None:
        raise NotFound(unknown)
    caller.must_see(facts.camera_id, unknown)
    return facts


# Dependencies, so that an unknown event is told before anything in the body is looked at.


def event_to_read(event_id: int, reader: Reader, hub: TheHub) -> EventFacts:
    """Return the event that the path names. Raises NotFound."""
    return found(event_id, reader, hub)


def event_to_change(event_id: int, agent: Agent, hub: TheHub) -> EventFacts:
    """Return the event of this agent that the path names. Raises NotFound."""
    return found(event_id, agent, hub)


ReadEvent = Annotated[EventFacts, Depends(event_to_read)]
OwnEvent = Annotated[EventFacts, Depends(event_to_change)]


@router.post("/events", status_code=201, responses={200: {"description": "Known before"}})
def register_event(body: EventBody, agent: Agent, hub: TheHub, response: Response) -> EventOut:
    """Register an event by its manifest, or announce one that has just begun.

    The same again answers 200 with the same event.
    """
    agent.must_own(body.camera_id)
    now = hub.clock()
    if isinstance(body, Manifest):
        done = register.register(hub.database, body, now)
    else:
        done = progress.announce(hub.database, _moment(body, hub), now)
    response.status_code = 201 if done.is_new else 200
    if done.facts is not None:
        return shown(done.facts, hub.settings.zone)
    return shown(found(done.event_id, agent, hub), hub.settings.zone)


@router.patch("/events/{event_id}/files")
def file_arrived(body: FileArrival, facts: OwnEvent, hub: TheHub) -> EventOut:
    """Record that a file of the event is on its way to the share, or there."""
    if body.video_duration is not None and body.file_type is not OldKind.VIDEO:
        raise BadRequest("video_duration: only a video has one")
    duration_s = None if body.video_duration is None else float(body.video_duration)
    said = Arrival(body.file_type.kind, body.file_path, body.transferred, duration_s)
    progress.file_arrived(hub.database, hub.settings.share_root, facts, said, hub.clock())
    return shown(_anew(facts, hub), hub.settings.zone)


@router.patch("/events/{event_id}/status")
def say_status(body: StatusWord, facts: OwnEvent, hub: TheHub) -> EventOut:
    """Record what the agent says of how the event ended; no stage overwrites it."""
    progress.say_status(hub.database, facts, body.status, hub.clock())
    return shown(_anew(facts, hub), hub.settings.zone)


@router.get("/events")
def list_events(
    reader: Reader,
    hub: TheHub,
    camera_id: CameraId | None = None,
    date: Annotated[
        str | None, Query(description="`today`, `yesterday` or YYYY-MM-DD, in the hub's zone")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=HIGHEST_ID)] = 0,
    before: Annotated[str | None, Query(description="`next` of an earlier page")] = None,
) -> EventPage:
    """List events, newest first."""
    cameras = reader.cameras if camera_id is None else reader.only(camera_id)
    since, until = None, None
    if date is not None:
        try:
            since, until = local_time.day_bounds(date, hub.settings.zone, hub.clock())
        except ValueError as error:
            raise BadRequest(f"date: {error}") from error
    with hub.database.reading() as session:
        page = query.recent(
            session,
            limit=limit,
            offset=offset,
            before=cursor.decode(before) if before else None,
            cameras=cameras,
            since=since,
            until=until,
        )
        total = query.total(session, cameras=cameras, since=since, until=until)
    return EventPage(
        events=[shown(facts, hub.settings.zone) for facts in page.events],
        total=total,
        limit=limit,
        offset=offset,
        next=cursor.encode(page.next) if page.next else None,
    )


@router.get("/events/{event_id}")
def read_event(facts: ReadEvent, hub: TheHub) -> EventOut:
    """Return one event."""
    return shown(facts, hub.settings.zone)


@router.get("/cameras/{camera_id}/stats", tags=["cameras"])
def camera_stats(
    camera_id: str,
    reader: CameraReader,
    hub: TheHub,
    hours: Annotated[int, Query(ge=1, le=168)] = 24,
) -> CameraStats:
    """Return what a camera has brought within the last hours."""
    with hub.database.reading() as session:
        camera = registry.find(session, camera_id)
        if camera is None or not reader.may_see(camera_id):
            raise NotFound(f"Camera {camera_id} not found")
        since = hub.clock() - timedelta(hours=hours)
        events, files, size_bytes = query.brought(session, camera.id, since)
    return CameraStats(events=events, files=files, bytes=size_bytes, period_hours=hours)


def _anew(facts: EventFacts, hub: Hub) -> EventFacts:
    with hub.database.reading() as session:
        changed = query.one(session, facts.id)
    if changed is None:
        raise NotFound(f"Event {facts.id} not found")
    return changed


def _moment(said: Announcement, hub: TheHub) -> Moment:
    with hub.database.reading() as session:
        camera = registry.known(session, said.camera_id)
    try:
        zone = registry.zone_of(camera, hub.settings.zone)
        reading = local_time.read_time(said.timestamp, zone, hub.clock())
    except ValueError as error:
        raise BadRequest(f"timestamp: {error}") from error
    score = said.confidence_score
    return Moment(
        uid=uid_of(said),
        camera_id=said.camera_id,
        started_at=reading.at,
        motion_score=float(said.motion_score),
        confidence_score=None if score is None else float(score),
        clock={"said": reading.said, "synchronised": not reading.corrected},
        origin={"kind": "old agent"},
    )
