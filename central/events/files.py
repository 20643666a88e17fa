"""Files of events: what the hub itself adds to them. Owner of `event_file` beside register."""

from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from central.events.query import FileFacts
from database.models import EventFile
from nfs.layout import FileKind

_ROWS: Table = EventFile.__table__  # type: ignore[assignment]


def put(
    session: Session,
    event_id: int,
    kind: FileKind,
    path: PurePosixPath,
    size_bytes: int,
    sha256: str | None,
    now: datetime,
) -> None:
    """Record a file that lies complete on the share, in place of an earlier one of its kind."""
    session.execute(delete(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.kind == kind))
    session.execute(
        insert(_ROWS).values(
            event=event_id,
            kind=kind,
            path=str(path),
            size_bytes=size_bytes,
            sha256=sha256,
            created_at=now,
        )
    )


def find(session: Session, event_id: int, kind: FileKind) -> FileFacts | None:
    """Return one file of an event, or None."""
    row = session.execute(
        select(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.kind == kind)
    ).first()
    return FileFacts(kind, row.path, row.size_bytes, row.sha256) if row else None
