"""Files of events, and what the hub finds out about them. Owner of `event_file`, with register."""

from datetime import datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from central.events.query import EventFacts, FileFacts
from database.models import Event, EventFile
from nfs.layout import FileKind
from nfs.manifest import Clip

_ROWS: Table = EventFile.__table__  # type: ignore[assignment]
_EVENTS: Table = Event.__table__  # type: ignore[assignment]


def put(
    session: Session,
    event_id: int,
    kind: FileKind,
    path: PurePosixPath,
    size_bytes: int | None,
    sha256: str | None,
    now: datetime,
    *,
    transferred: bool = True,
) -> None:
    """Record a file, in place of an earlier one of its kind.

    It lies complete on the share, or is on its way there when not `transferred`.
    """
    session.execute(delete(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.kind == kind))
    session.execute(
        insert(_ROWS).values(
            event=event_id,
            kind=kind,
            path=str(path),
            size_bytes=size_bytes,
            sha256=sha256,
            created_at=now,
            transferred=transferred,
        )
    )


def describe_clip(session: Session, event_id: int, clip: Clip, clip_bytes: int) -> None:
    """Record what a clip turned out to be, where its agent has not said it."""
    session.execute(
        update(_EVENTS)
        .where(_EVENTS.c.id == event_id)
        .values(clip=clip.model_dump(mode="json"), duration_s=clip.duration_us / 1e6)
    )
    session.execute(
        update(_ROWS)
        .where(_ROWS.c.event == event_id, _ROWS.c.kind == FileKind.CLIP)
        .values(size_bytes=clip_bytes)
    )


def find(session: Session, event_id: int, kind: FileKind) -> FileFacts | None:
    """Return one file of an event, or None."""
    row = session.execute(
        select(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.kind == kind)
    ).first()
    if row is None:
        return None
    return FileFacts(kind, row.path, row.size_bytes, row.sha256, row.transferred)


def name_of(facts: EventFacts, kind: FileKind, zone: ZoneInfo) -> str:
    """Return under which name a person keeps a file: camera, local time, number. Pure."""
    suffix = PurePosixPath(facts.files[kind].path).suffix
    at = facts.started_at.astimezone(zone)
    return f"{facts.camera_id}_{at:%Y-%m-%d_%H-%M-%S}_{facts.id}_{kind}{suffix}"
