"""Registering an event: event, files, stages and change in one transaction, once per uid.

Invariants: files lie complete on the share before the agent registers; the same uid with the same
content is the same event; the same uid with other content is refused.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, cast

from sqlalchemy import CursorResult, Table, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.cameras import registry
from central.cameras.registry import CameraFacts
from central.changes import feed
from central.errors import BadRequest, Conflict
from central.events import totals
from central.events.query import EventFacts, FileFacts, StageFacts
from central.stages import claims
from central.stages.lifecycle import Stage, State
from database.engine import Database, is_duplicate
from database.models import Event, EventFile
from nfs.layout import FileKind, path_for
from nfs.manifest import Manifest

log = logging.getLogger(__name__)

NO_VIDEO = "the event has no video"
_EVENTS: Table = Event.__table__  # type: ignore[assignment]
_FILES: Table = EventFile.__table__  # type: ignore[assignment]
_INSERT_EVENT, _INSERT_FILES = insert(_EVENTS), insert(_FILES)


@dataclass(frozen=True)
class Registered:
    """The event's id, and whether this call made it; then also what it is, without asking again."""

    event_id: int
    is_new: bool
    facts: EventFacts | None = None


def register(database: Database, manifest: Manifest, now: datetime) -> Registered:
    """Store the event of a manifest, or find it when it is stored already.

    Raises NotFound for an unknown camera, BadRequest for files outside the event's own paths, and
    Conflict when the uid stands for something else.
    """
    check_paths(manifest)
    digest = content_hash(manifest)
    try:
        facts = database.write(
            lambda session: _store(session, manifest, digest, now), idempotent=True
        )
        log.info(
            "event %s of %s registered as %d",
            facts.uid,
            facts.camera_id,
            facts.id,
            extra={"event_uid": facts.uid},
        )
        return Registered(facts.id, is_new=True, facts=facts)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
    with database.reading() as session:
        found = session.execute(
            select(_EVENTS.c.id, _EVENTS.c.content_sha256).where(_EVENTS.c.uid == str(manifest.uid))
        ).first()
    if found is None or found.content_sha256 != digest:
        raise Conflict(f"event {manifest.uid} is registered already, with other content")
    return Registered(found.id, is_new=False)


def check_paths(manifest: Manifest) -> None:
    """Raise BadRequest unless every file lies exactly where the layout puts it, once per kind."""
    kinds = [entry.kind for entry in manifest.files]
    if len(set(kinds)) != len(kinds):
        raise BadRequest("the manifest names two files of one kind")
    for entry in manifest.files:
        due = path_for(manifest.camera_id, manifest.timestamp, manifest.uid, entry.kind)
        if PurePosixPath(entry.path) != due or entry.path != str(due):
            raise BadRequest(f"the {entry.kind} of this event must lie at {due}")
    if manifest.clip is not None and FileKind.CLIP not in kinds:
        raise BadRequest("the manifest describes a clip but lists no file for it")


def content_hash(manifest: Manifest) -> str:
    """Return the SHA-256 of everything a manifest says, the same however its JSON was spaced."""
    return hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()


def duration_s(manifest: Manifest) -> float | None:
    """Return the length of the clip, or None when there is none."""
    return manifest.clip.duration_us / 1e6 if manifest.clip else None


def _store(session: Session, manifest: Manifest, digest: str, now: datetime) -> EventFacts:
    camera = registry.known(session, manifest.camera_id)
    event_id = _insert_event(session, manifest, camera.id, digest, now)
    if manifest.files:
        session.connection().execute(
            _INSERT_FILES,
            [
                {
                    "event": event_id,
                    "kind": entry.kind,
                    "path": entry.path,
                    "size_bytes": entry.bytes,
                    "sha256": entry.sha256,
                    "created_at": now,
                }
                for entry in manifest.files
            ],
        )
    claims.enter(
        session,
        event_id,
        Stage.CONVERT,
        now,
        skip_reason=None if manifest.clip else NO_VIDEO,
    )
    registry.seen(session, camera, now)
    feed.append(session, "event", "new", event_id, now, camera=camera.id)
    totals.add(session, camera.id, 1)
    return _facts(manifest, camera, event_id, now)


def _facts(manifest: Manifest, camera: CameraFacts, event_id: int, now: datetime) -> EventFacts:
    """Return what a query would find of an event that was stored just now."""
    said = manifest.model_dump(mode="json", include={"trigger", "origin", "clock", "clip"})
    state = State.WAITING if manifest.clip else State.SKIPPED
    reason = None if manifest.clip else NO_VIDEO
    return EventFacts(
        id=event_id,
        uid=str(manifest.uid),
        camera_id=camera.camera_id,
        camera_name=camera.name,
        camera_location=camera.location,
        camera_timezone=camera.timezone,
        started_at=manifest.timestamp,
        clip_started_at=manifest.clip_started_at,
        ended_at=manifest.ended_at,
        motion_score=manifest.motion_score,
        confidence_score=manifest.confidence_score,
        trigger=said["trigger"],
        origin=said["origin"],
        clock=said["clock"],
        clip=said["clip"],
        segment=manifest.segment.index,
        previous_uid=str(manifest.segment.previous_uid) if manifest.segment.previous_uid else None,
        salvaged=manifest.salvaged,
        said_status=None,
        duration_s=duration_s(manifest),
        created_at=now,
        files={
            entry.kind: FileFacts(entry.kind, entry.path, entry.bytes, entry.sha256)
            for entry in manifest.files
        },
        stages={Stage.CONVERT: StageFacts(Stage.CONVERT, state, 0, now, reason, now)},
    )


def _insert_event(
    session: Session, manifest: Manifest, camera: int, digest: str, now: datetime
) -> int:
    said = manifest.model_dump(mode="json")
    values = {
        "uid": str(manifest.uid),
        "camera": camera,
        "started_at": manifest.timestamp,
        "clip_started_at": manifest.clip_started_at,
        "ended_at": manifest.ended_at,
        "motion_score": manifest.motion_score,
        "confidence_score": manifest.confidence_score,
        "trigger": said["trigger"],
        "origin": said["origin"],
        "clock": said["clock"],
        "clip": said["clip"],
        "segment": manifest.segment.index,
        "previous_uid": said["segment"]["previous_uid"],
        "salvaged": manifest.salvaged,
        "duration_s": duration_s(manifest),
        "content_sha256": digest,
        "created_at": now,
    }
    result = cast(CursorResult[Any], session.connection().execute(_INSERT_EVENT, values))
    key = result.inserted_primary_key
    if key is None:
        raise RuntimeError("the database did not say which id it gave")
    return int(key[0])
