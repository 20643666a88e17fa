"""Making database and share agree, in both directions, without ever trusting one look.

What the share has and the database lacks is registered; what a row names and the share lacks is
marked as gone; what nobody owns is moved aside, and removed after a week there. A listing that is
empty, or lacks half of what should be there, is no reason to act but a reason to stop: then a disk
is missing, not its files.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from central.changes import feed
from central.context import Hub
from central.errors import GatehouseError
from central.events import recall
from central.stages import claims
from central.stages.lifecycle import ENDED, Stage, State
from central.storage.disk import Disk, Entry
from central.storage.survey import Row, Survey, survey, unowned_of
from central.storage.whose import own_disk
from database.models import EventFile, EventStage
from nfs.layout import HUB_NAMES, QUARANTINE_FOLDER, FileKind

log = logging.getLogger(__name__)

UNOWNED_AFTER = timedelta(days=1)
"""An agent that lays its files now may be a day from registering them: its Wi-Fi is bad."""

QUARANTINED_FOR = timedelta(days=7)
MANIFEST_MOST_BYTES = 1024 * 1024

_FILES: Table = EventFile.__table__  # type: ignore[assignment]
_STAGES: Table = EventStage.__table__  # type: ignore[assignment]


class Refused(Exception):
    """What was found is not to be believed. The text says what, and what to do."""


@dataclass
class Report:
    """What was found and done; paths and reasons for people."""

    registered: int = 0
    gone: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    young: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """Return what to tell a person, one thing a line."""
        return [
            f"{self.registered} events of the share registered",
            *(f"gone: {path}" for path in self.gone),
            *(f"back: {path}" for path in self.returned),
            *(f"changed: {path}" for path in self.changed),
            *(f"refused: {path}: {reason}" for path, reason in self.refused),
            *(f"nobody's, but young: {path}" for path in self.young),
            *(f"nobody's, moved to {QUARANTINE_FOLDER}: {path}" for path in self.quarantined),
            *(f"removed from {QUARANTINE_FOLDER}: {path}" for path in self.removed),
        ]


def reconcile(hub: Hub, *, dry_run: bool = False, believe: bool = False) -> Report:
    """Make database and share agree. `believe` acts on a listing that would be refused.

    Raises Refused and ShareUnavailable, having done nothing, and OSError.
    """
    with own_disk(hub) as disk:
        found = survey(hub.database, disk)
        why = refusal(found.known, found.seen, len(found.missing))
        if why and not believe:
            raise Refused(why)
        if dry_run:
            return _as_found(found, hub.clock())
        report = Report(changed=[f"{row.path} ({file.size_bytes})" for row, file in found.changed])
        _register(hub, disk, found, report)
        _mark(hub, disk, found, report)
        ripe = _ripe(unowned_of(hub.database, found.unowned), hub.clock(), report)
        if len(ripe) * 2 > found.seen and not believe:
            raise Refused(
                f"{len(ripe)} of {found.seen} files on the share belong to no event; is this the "
                "right database? Nothing was moved. To move them all the same: --believe"
            )
        _quarantine(hub, disk, ripe, report)
        _empty_quarantine(disk, hub.clock(), report)
    return report


def refusal(known: int, seen: int, missing: int) -> str | None:
    """Return why a listing is not to be believed, or None. Pure."""
    if known and not seen:
        return f"the share is empty, the database knows {known} files; is its disk mounted?"
    if missing * 2 > known:
        return (
            f"{missing} of {known} files are not on the share; is all of it mounted? "
            "To mark them as gone all the same: --believe"
        )
    return None


def _register(hub: Hub, disk: Disk, found: Survey, report: Report) -> None:
    for path in found.unknown_manifests:
        try:
            content = disk.read(path, MANIFEST_MOST_BYTES)
            report.registered += recall.from_manifest(hub, path, content).is_new
        except (GatehouseError, OSError) as error:
            report.refused.append((path, str(error)))
    recalled = recall.from_old_files(hub, found.lost_old)
    report.registered += recalled.events
    report.refused += recalled.refused


def _mark(hub: Hub, disk: Disk, found: Survey, report: Report) -> None:
    """Note what is gone and what is back, having looked once more."""
    now = hub.clock()
    for row in found.missing:
        if disk.find(row.path) is None and hub.database.write(
            lambda session, row=row: _set_gone(session, row, now)  # type: ignore[misc]
        ):
            report.gone.append(row.path)
    for row in found.returned:
        hub.database.write(lambda session, row=row: _set_back(session, row, now))  # type: ignore[misc]
        report.returned.append(row.path)


def _set_gone(session: Session, row: Row, now: datetime) -> bool:
    this = (_FILES.c.id == row.id, _FILES.c.path == row.path, _FILES.c.gone_at.is_(None))
    done = session.execute(update(_FILES).where(*this).values(gone_at=now))
    if not getattr(done, "rowcount", 0):
        return False
    feed.append(session, "event", "update", row.event_id, now)
    if row.kind in HUB_NAMES:
        _make_anew(session, row.event_id)
    return True


def _set_back(session: Session, row: Row, now: datetime) -> None:
    session.execute(update(_FILES).where(_FILES.c.id == row.id).values(gone_at=None))
    feed.append(session, "event", "update", row.event_id, now)


def _make_anew(session: Session, event_id: int) -> None:
    """Let what the hub derived be derived again, where its source is still there."""
    clip = session.scalar(
        select(_FILES.c.id).where(
            _FILES.c.event == event_id, _FILES.c.kind == FileKind.CLIP, _FILES.c.gone_at.is_(None)
        )
    )
    state = session.scalar(
        select(_STAGES.c.state).where(_STAGES.c.event == event_id, _STAGES.c.stage == Stage.CONVERT)
    )
    if clip is not None and state is not None and State(state) in ENDED:
        claims.requeue(session, event_id, Stage.CONVERT, "reconcile", "its result is gone")


def _ripe(unowned: Iterable[Entry], now: datetime, report: Report) -> list[Entry]:
    found = []
    for entry in unowned:
        if now - datetime.fromtimestamp(entry.changed_s, UTC) < UNOWNED_AFTER:
            report.young.append(entry.path)
        else:
            found.append(entry)
    return found


def _quarantine(hub: Hub, disk: Disk, ripe: list[Entry], report: Report) -> None:
    day = hub.clock().strftime("%Y-%m-%d")
    for entry in ripe:
        try:
            disk.move(entry.path, f"{QUARANTINE_FOLDER}/{day}/{entry.path}")
        except OSError as error:
            report.refused.append((entry.path, f"it cannot be moved: {error.strerror}"))
            continue
        log.warning("nobody owns %s: moved to %s", entry.path, QUARANTINE_FOLDER)
        report.quarantined.append(entry.path)


def _empty_quarantine(disk: Disk, now: datetime, report: Report) -> None:
    folders = set()
    for entry in disk.walk(QUARANTINE_FOLDER):
        parts = PurePosixPath(entry.path).parts
        try:
            moved_at = datetime.strptime(parts[1], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            continue
        if now - moved_at < QUARANTINED_FOR:
            continue
        disk.unlink(entry.path)
        report.removed.append(entry.path)
        folders |= {"/".join(parts[:depth]) for depth in range(2, len(parts))}
    for folder in sorted(folders, key=len, reverse=True):
        disk.sync(folder)
        disk.drop_if_empty(folder)


def _as_found(found: Survey, now: datetime) -> Report:
    report = Report(
        registered=len(found.unknown_manifests),
        gone=[row.path for row in found.missing],
        returned=[row.path for row in found.returned],
        changed=[row.path for row, _file in found.changed],
    )
    known = set(found.unknown_manifests)
    rest = [entry for entry in found.unowned if entry.path not in known]
    report.quarantined = [entry.path for entry in _ripe(rest, now, report)]
    return report
