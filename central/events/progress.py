"""Events that come bit by bit: first the moment, then file by file, perhaps how it ended.

Invariants: one uid is one event, however often it is announced; a file is adopted only by the event
that its path speaks of; what an agent says of the end, no stage overwrites.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.cameras import registry
from central.changes import feed
from central.errors import BadRequest, Conflict, NotFound
from central.events import files, totals
from central.events.query import EventFacts
from central.events.register import Registered
from central.stages import claims
from central.stages.lifecycle import Stage, State
from database.engine import Database, is_duplicate
from database.models import Event, EventStage
from nfs import layout, old_layout
from nfs.beneath import open_beneath
from nfs.layout import FileKind

log = logging.getLogger(__name__)

_EVENTS: Table = Event.__table__  # type: ignore[assignment]
_STAGES: Table = EventStage.__table__  # type: ignore[assignment]

BROUGHT_ANEW = "the agent brought the video anew"


@dataclass(frozen=True)
class Moment:
    """Motion somewhere: all that is known of an event before its first file.

    `clock` keeps what the camera's clock said, `origin` where the word comes from.
    """

    uid: UUID
    camera_id: str
    started_at: datetime
    motion_score: float
    confidence_score: float | None
    clock: dict[str, Any]
    origin: dict[str, Any]


@dataclass(frozen=True)
class Arrival:
    """A file that an agent says is on its way to `path` on the share, or there when `transferred`.

    `duration_s` is the length of a video, where the agent knows it.
    """

    kind: FileKind
    path: str
    transferred: bool
    duration_s: float | None = None


def announce(database: Database, said: Moment, now: datetime) -> Registered:
    """Store an event that has begun, or find it when it is stored already.

    Raises NotFound for an unknown camera.
    """
    try:
        event_id = database.write(lambda session: _store(session, said, now), idempotent=True)
        about = {"event_uid": str(said.uid)}
        log.info("event %s of %s announced as %d", said.uid, said.camera_id, event_id, extra=about)
        return Registered(event_id, is_new=True)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
    with database.reading() as session:
        found = session.scalar(select(_EVENTS.c.id).where(_EVENTS.c.uid == str(said.uid)))
    if found is None:
        raise Conflict(f"event {said.uid} was deleted while it was announced again")
    return Registered(found, is_new=False)


def file_arrived(
    database: Database, share_root: Path, facts: EventFacts, said: Arrival, now: datetime
) -> None:
    """Record a file that an agent speaks of; a video that has arrived waits for conversion.

    Raises BadRequest for a path that is not this event's, or no plain file on the share.
    """
    check_path(facts, said)
    size_bytes = _size_beneath(share_root, said.path) if said.transferred else None

    def store(session: Session) -> None:
        # The event's row is the lock: two repeats of one call must not both enter the stage.
        session.execute(select(_EVENTS.c.id).where(_EVENTS.c.id == facts.id).with_for_update())
        before = files.find(session, facts.id, said.kind)
        path = PurePosixPath(said.path)
        transferred = said.transferred
        files.put(
            session, facts.id, said.kind, path, size_bytes, None, now, transferred=transferred
        )
        if said.kind is FileKind.CLIP:
            is_other = before is not None and before.path != said.path
            _note_video(session, facts.id, is_other, said.duration_s)
            if said.transferred:
                _let_convert(session, facts.id, is_other, now)
        _heard_of(session, facts, now)

    database.write(store, idempotent=True)


def say_status(database: Database, facts: EventFacts, status: str, now: datetime) -> None:
    """Record what an agent says of how its event ended. Its last word counts."""

    def store(session: Session) -> None:
        session.execute(update(_EVENTS).where(_EVENTS.c.id == facts.id).values(said_status=status))
        _heard_of(session, facts, now)

    database.write(store, idempotent=True)


def check_path(facts: EventFacts, said: Arrival) -> None:
    """Raise BadRequest unless the path is this event's own, of this kind, in a layout we know."""
    if old_layout.parse(said.path) == old_layout.OldPath(facts.camera_id, facts.id, said.kind):
        return
    own = layout.parse(said.path)
    ours = (facts.camera_id, facts.uid, said.kind)
    if own is not None and (own.camera_id, str(own.uid), own.kind) == ours:
        return
    due = old_layout.example(facts.camera_id, facts.id, said.kind)
    raise BadRequest(f"file_path: the {said.kind} of event {facts.id} must lie at {due}")


def _store(session: Session, said: Moment, now: datetime) -> int:
    camera = registry.known(session, said.camera_id)
    result = cast(
        CursorResult[Any],
        session.execute(
            insert(_EVENTS).values(
                uid=str(said.uid),
                camera=camera.id,
                started_at=said.started_at,
                motion_score=said.motion_score,
                confidence_score=said.confidence_score,
                origin=said.origin,
                clock=said.clock,
                segment=1,
                salvaged=False,
                content_sha256=hashlib.sha256(str(said.uid).encode()).hexdigest(),
                created_at=now,
            )
        ),
    )
    (event_id,) = result.inserted_primary_key or (0,)
    registry.seen(session, camera, now)
    feed.append(session, "event", "new", event_id, now, camera=camera.id)
    totals.add(session, camera.id, 1)
    return int(event_id)


def _size_beneath(root: Path, relative: str) -> int | None:
    """Return the size of a file on the share, None while it is not to be seen there.

    Raises BadRequest when it is a link, a pipe, or has a second name elsewhere.
    """
    try:
        with open_beneath(root, relative) as file:
            return os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        if not os.path.lexists(root / relative):
            return None  # NFS may show it a moment later; converting looks again
    except OSError:
        pass
    raise BadRequest("file_path: only a plain file with this one name is taken")


def _note_video(session: Session, event_id: int, is_other: bool, duration_s: float | None) -> None:
    """Keep the length that the agent says, as long as no conversion has found the true one."""
    this = update(_EVENTS).where(_EVENTS.c.id == event_id)
    if is_other:
        session.execute(this.values(clip=None, duration_s=duration_s))
    elif duration_s is not None:
        session.execute(this.where(_EVENTS.c.clip.is_(None)).values(duration_s=duration_s))


def _let_convert(session: Session, event_id: int, is_other: bool, now: datetime) -> None:
    """See that a video is converted: once, and once more when it is another or had failed."""
    state = session.scalar(
        select(_STAGES.c.state).where(_STAGES.c.event == event_id, _STAGES.c.stage == Stage.CONVERT)
    )
    if state is None:
        claims.enter(session, event_id, Stage.CONVERT, now)
    elif state == State.FAILED or (is_other and state in (State.DONE, State.SKIPPED)):
        claims.requeue(session, event_id, Stage.CONVERT, "hub", BROUGHT_ANEW)


def _heard_of(session: Session, facts: EventFacts, now: datetime) -> None:
    camera = registry.find(session, facts.camera_id)
    if camera is None:
        raise NotFound(f"Event {facts.id} not found")
    registry.seen(session, camera, now)
    feed.append(session, "event", "update", facts.id, now, camera=camera.id)
