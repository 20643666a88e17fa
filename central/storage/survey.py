"""Database and share laid side by side, in one walk through both. Changes nothing.

Rows and files come in the same order, that of their paths' bytes, so that neither side is ever in
memory as a whole; what is kept is only where they differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.storage.disk import Disk, Entry
from database.engine import Database
from database.models import Camera, Event, EventFile, Garbage
from nfs import layout, old_layout
from nfs.layout import MARKER_NAME, PARTIAL_SUFFIX, QUARANTINE_FOLDER, FileKind

PAGE = 1000
ASIDE = (QUARANTINE_FOLDER + "/", "lost+found/", MARKER_NAME)
UNFINISHED = (PARTIAL_SUFFIX, ".tmp")


@dataclass(frozen=True)
class Row:
    """A file as the database knows it."""

    id: int
    event_id: int
    kind: FileKind
    path: str
    size_bytes: int | None
    transferred: bool
    gone: bool


@dataclass
class Survey:
    """Where the two sides differ. `known` rows should be on the share, `seen` files are there."""

    known: int = 0
    seen: int = 0
    missing: list[Row] = field(default_factory=list)
    returned: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Entry]] = field(default_factory=list)
    unknown_manifests: list[str] = field(default_factory=list)
    lost_old: list[str] = field(default_factory=list)
    unowned: list[Entry] = field(default_factory=list)


def survey(database: Database, disk: Disk) -> Survey:
    """Return how database and share differ. Raises OSError when the share cannot be read."""
    found, strangers = Survey(), []
    rows, files = _rows(database), _files(disk)
    row, file = next(rows, None), next(files, None)
    while row is not None or file is not None:
        order = _order(row, file)
        if row is not None and order <= 0:
            _take_row(found, row, file if order == 0 else None)
        if file is not None and order >= 0:
            found.seen += 1
            if order > 0:
                strangers.append(file)
        if len(strangers) >= PAGE:
            _sort_out(found, database, strangers)
            strangers = []
        row = next(rows, None) if order <= 0 else row
        file = next(files, None) if order >= 0 else file
    _sort_out(found, database, strangers)
    return found


def unowned_of(database: Database, entries: Iterable[Entry]) -> list[Entry]:
    """Return which of these files nobody owns, as the database stands now."""
    found, rest = Survey(), iter(entries)
    while page := list(islice(rest, PAGE)):
        paths = [entry.path for entry in page]
        with database.reading() as session:
            rows = set(session.scalars(select(EventFile.path).where(EventFile.path.in_(paths))))
        _sort_out(found, database, [entry for entry in page if entry.path not in rows])
    return found.unowned


def _order(row: Row | None, file: Entry | None) -> int:
    """Return which of the two comes first: -1 the row, 1 the file, 0 they are one."""
    if row is None or file is None:
        return 1 if row is None else -1
    left, right = row.path.encode(), file.path.encode(errors="surrogateescape")
    return (left > right) - (left < right)


def _take_row(found: Survey, row: Row, file: Entry | None) -> None:
    if not row.transferred:
        return
    if row.gone:
        if file is not None and file.is_plain:
            found.returned.append(row)
        return
    found.known += 1
    if file is None or not file.is_plain:
        found.missing.append(row)
    elif row.size_bytes is not None and row.size_bytes != file.size_bytes:
        found.changed.append((row, file))


def _sort_out(found: Survey, database: Database, strangers: list[Entry]) -> None:
    """Tell files without a row apart: an event's all the same, an event's lost, or nobody's."""
    if not strangers:
        return
    paths = {entry.path: entry.path.removesuffix(old_layout.READY_SUFFIX) for entry in strangers}
    uids = {str(own.uid) for p in paths.values() if (own := layout.parse(p))}
    ids = {old.event_id for p in paths.values() if (old := old_layout.parse(p))}
    with database.reading() as session:
        events = _events(session, uids, ids)
        garbage = set(session.scalars(select(Garbage.path).where(Garbage.path.in_(paths))))
    for entry in strangers:
        base = paths[entry.path]
        own, old = layout.parse(base), old_layout.parse(base)
        if entry.path in garbage:
            continue
        if own is not None and (own.camera_id, str(own.uid)) in events:
            continue
        if old is not None and (old.camera_id, old.event_id) in events:
            continue
        if entry.is_plain and own is not None and own.kind is FileKind.MANIFEST:
            found.unknown_manifests.append(entry.path)
        elif entry.is_plain and old is not None and base == entry.path:
            found.lost_old.append(entry.path)
        found.unowned.append(entry)


def _events(session: Session, uids: set[str], ids: set[int]) -> set[tuple[str, str | int]]:
    rows = session.execute(
        select(Camera.camera_id, Event.uid, Event.id)
        .join(Camera, Camera.id == Event.camera)
        .where(Event.uid.in_(uids) | Event.id.in_(ids))
    ).all()
    return {(row.camera_id, row.uid) for row in rows} | {(row.camera_id, row.id) for row in rows}


def _rows(database: Database) -> Iterator[Row]:
    last = ""
    while True:
        with database.reading() as session:
            page = session.scalars(
                select(EventFile).where(EventFile.path > last).order_by(EventFile.path).limit(PAGE)
            ).all()
        for file in page:
            yield Row(
                file.id,
                file.event,
                FileKind(file.kind),
                file.path,
                file.size_bytes,
                file.transferred,
                file.gone_at is not None,
            )
        if len(page) < PAGE:
            return
        last = page[-1].path


def _files(disk: Disk) -> Iterator[Entry]:
    return (entry for entry in disk.walk() if not entry.path.startswith(ASIDE))
