"""Removing events so that a power cut at any moment leaves no file without a row.

Owner of `garbage`. First one transaction takes the event away and notes its files as garbage; then
the files are unlinked; then their folder is synced; then the notes go. Whatever was cut short, the
notes say what is left to do. A page never shows an event whose files are gone, and no file lies
about that nobody knows of. The manifest goes first: it names the others.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from central.changes import feed
from central.events import totals
from central.storage.disk import Disk, on_disk
from database.engine import Database
from database.models import Camera, Event, EventFile, Garbage
from nfs import layout, old_layout
from nfs.layout import AGENT_NAMES, HUB_NAMES, FileKind, path_for

log = logging.getLogger(__name__)

_ROWS: Table = Garbage.__table__  # type: ignore[assignment]
_EVENTS: Table = Event.__table__  # type: ignore[assignment]

BATCH = 200
EMPTY_AFTER = timedelta(days=2)
"""No agent writes into the folder of a day that is so long over."""


@dataclass(frozen=True)
class Swept:
    """What a sweep removed, and how many files could not be."""

    files: int
    bytes_on_disk: int
    stuck: int


def throw_away(session: Session, reasons: dict[int, str], now: datetime) -> None:
    """Take events away and note their files as garbage; part of the caller's transaction."""
    events = session.execute(
        select(Event.id, Event.uid, Event.started_at, Event.camera, Camera.camera_id)
        .join(Camera, Camera.id == Event.camera)
        .where(Event.id.in_(reasons))
        .order_by(Event.id)
    ).all()
    files: dict[int, dict[str, int]] = defaultdict(dict)
    for event, path, size in session.execute(
        select(EventFile.event, EventFile.path, EventFile.size_bytes).where(
            EventFile.event.in_(reasons)
        )
    ):
        files[event][path] = size or 0
    notes = [
        {"path": path, "size_bytes": size, "reason": reasons[row.id][:200], "marked_at": now}
        for row in events
        for path, size in _all_paths(
            row.camera_id, row.started_at, UUID(row.uid), files[row.id]
        ).items()
    ]
    standing = set(
        session.scalars(select(_ROWS.c.path).where(_ROWS.c.path.in_([n["path"] for n in notes])))
    )
    fresh = [note for note in notes if note["path"] not in standing]
    if fresh:
        session.execute(insert(_ROWS), fresh)
    session.execute(delete(_EVENTS).where(_EVENTS.c.id.in_([row.id for row in events])))
    gone: dict[int, int] = defaultdict(int)
    for row in events:
        feed.append(session, "event", "end", row.id, now, camera=row.camera)
        gone[row.camera] += 1
    for camera, count in sorted(gone.items()):
        totals.add(session, camera, -count)


def pending_bytes(session: Session) -> int:
    """Return what garbage still takes on the disk."""
    return sum(on_disk(size) for size in session.scalars(select(_ROWS.c.size_bytes)))


def pending(session: Session) -> int:
    """Return how many files wait to be removed."""
    return session.scalar(select(func.count(_ROWS.c.id))) or 0


def sweep(database: Database, disk: Disk, now: datetime, *, most: int = 5000) -> Swept:
    """Remove garbage from the share, up to `most` files. What cannot be removed stays noted."""
    files = freed = stuck = last = 0
    while files < most:
        with database.reading() as session:
            rows = session.execute(
                select(_ROWS).where(_ROWS.c.id > last).order_by(_ROWS.c.id).limit(BATCH)
            ).all()
        if not rows:
            break
        last = rows[-1].id
        gone = [row for row in rows if _unlink(disk, row.path)]
        _sync(disk, (row.path for row in gone), now)
        _forget(database, [row.id for row in gone])
        files += len(gone)
        stuck += len(rows) - len(gone)
        freed += sum(on_disk(row.size_bytes) for row in gone)
    return Swept(files, freed, stuck)


def _unlink(disk: Disk, path: str) -> bool:
    try:
        disk.unlink(path)
    except OSError as error:  # one file must not keep all others from going
        log.warning("%s cannot be removed: %s", path, error.strerror)
        return False
    return True


def _forget(database: Database, ids: list[int]) -> None:
    gone = delete(_ROWS).where(_ROWS.c.id.in_(ids))
    database.write(lambda session: session.execute(gone), idempotent=True)


def _sync(disk: Disk, paths: Iterable[str], now: datetime) -> None:
    for folder in sorted({str(PurePosixPath(path).parent) for path in paths}):
        disk.sync(folder)
        if _is_over(PurePosixPath(folder).name, now):
            disk.drop_if_empty(folder)


def _is_over(day: str, now: datetime) -> bool:
    try:
        return now - datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) > EMPTY_AFTER
    except ValueError:
        return False


def _all_paths(
    camera_id: str, started_at: datetime, uid: UUID, known: dict[str, int]
) -> dict[str, int]:
    """Return every path that may hold a file of this event: those with a row, and those without.

    The manifest has none; nor has an MP4 that was renamed just before a cut.
    """
    kinds = [FileKind.MANIFEST, *(kind for kind in (AGENT_NAMES | HUB_NAMES))]
    paths = {str(path_for(camera_id, started_at, uid, kind)): 0 for kind in kinds}
    paths |= known
    for path in known:
        if layout.parse(path) is None:
            paths[path + old_layout.READY_SUFFIX] = 0
    return paths
