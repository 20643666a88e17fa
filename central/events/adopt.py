"""Files of old agents that the hub was never told of: found on the share, adopted by their names.

An old agent speaks of a file three times and gives up; the file lies on the share all the same.
Only folders of cameras that have such gaps are read, by a job, never by a request.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.context import Hub
from central.errors import GatehouseError
from central.events import progress, query
from central.events.progress import Arrival
from database.models import Camera, Event, EventFile
from nfs import old_layout
from nfs.layout import FileKind

log = logging.getLogger(__name__)

GIVEN_TIME = timedelta(minutes=2)
"""An agent that is still talking tells of its files itself."""

LOOKED_FOR = timedelta(days=2)
KINDS = frozenset({FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL, FileKind.CLIP})


@dataclass(frozen=True)
class Stray:
    """A file on the share, and the event that its name speaks of."""

    event_id: int
    kind: FileKind
    path: str


def adopt(hub: Hub, given_time: timedelta = GIVEN_TIME) -> int:
    """Give every file that nobody told of to its event; return how many there were.

    Events younger than `given_time` are left to their agents.
    """
    now, found = hub.clock(), 0
    with hub.database.reading() as session:
        gaps = _gaps(session, now, given_time)
    for camera_id, missing in gaps.items():
        for stray in _strays(hub.settings.share_root, camera_id, missing):
            found += _give(hub, stray, now)
    return found


def _give(hub: Hub, stray: Stray, now: datetime) -> bool:
    with hub.database.reading() as session:
        facts = query.one(session, stray.event_id)
    if facts is None:
        return False
    said = Arrival(stray.kind, stray.path, transferred=True)
    try:
        progress.file_arrived(hub.database, hub.settings.share_root, facts, said, now)
    except GatehouseError as error:
        log.warning("%s is not adopted: %s", stray.path, error)
        return False
    log.info("%s adopted: nobody had told of it", stray.path, extra={"event_uid": facts.uid})
    return True


def _gaps(
    session: Session, now: datetime, given_time: timedelta
) -> dict[str, dict[int, set[FileKind]]]:
    """Return the files that events of old agents lack, by camera and event."""
    rows = session.execute(
        select(Event.id, Camera.camera_id)
        .join(Camera, Camera.id == Event.camera)
        .outerjoin(
            EventFile,
            (EventFile.event == Event.id) & EventFile.transferred & EventFile.kind.in_(KINDS),
        )
        .where(
            Event.started_at >= now - LOOKED_FOR,
            Event.created_at <= now - given_time,
            Event.ended_at.is_(None),  # our own agents say with the manifest when it ended
        )
        .group_by(Event.id, Camera.camera_id)
        .having(func.count(EventFile.id) < len(KINDS))
    ).all()
    had: dict[int, set[FileKind]] = defaultdict(set)
    for event_id, kind in session.execute(
        select(EventFile.event, EventFile.kind).where(
            EventFile.event.in_([row.id for row in rows]), EventFile.transferred
        )
    ):
        had[event_id].add(FileKind(kind))
    gaps: dict[str, dict[int, set[FileKind]]] = defaultdict(dict)
    for row in rows:
        gaps[row.camera_id][row.id] = set(KINDS - had[row.id])
    return gaps


def _strays(root: Path, camera_id: str, missing: dict[int, set[FileKind]]) -> list[Stray]:
    found = []
    for folder in ("pictures", "thumbs", "videos"):
        try:
            names = [entry.name for entry in (root / camera_id / folder).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            continue
        for name in sorted(names):
            path = f"{camera_id}/{folder}/{name}"
            said = old_layout.parse(path)
            if said is not None and said.kind in missing.get(said.event_id, ()):
                found.append(Stray(said.event_id, said.kind, path))
    return found
