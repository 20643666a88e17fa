"""Holds the house against its invariants (docs/design/invariants.md), and names what breaks one.

What can be seen in a house at rest is looked at: rows against each other, rows against files. The
numbers are those of the page. Writes nothing.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, not_, or_, select, text
from sqlalchemy.orm import Session

from central.context import Hub
from central.stages.lifecycle import Stage, State
from central.storage.disk import Disk
from central.storage.survey import Survey, survey
from central.storage.whose import own_disk
from database.models import (
    Camera,
    Event,
    EventFile,
    EventStage,
    EventTotal,
    Garbage,
    StageHistory,
)
from nfs import layout, old_layout
from nfs.layout import FileKind

PAGE = 1000


@dataclass(frozen=True)
class Violation:
    """An invariant, by its number, and what breaks it."""

    invariant: int
    what: str


def violations(hub: Hub, *, deep: bool = False) -> Iterator[Violation]:
    """Yield what breaks an invariant, cheap things first. `deep` reads every file and its hash.

    Raises ShareUnavailable when the share cannot be looked at.
    """
    for look in _ROWS_ALONE:
        with hub.database.reading() as session:
            yield from list(look(session))
    with own_disk(hub) as disk:
        found = survey(hub.database, disk)
        yield from _against_files(found)
        if deep:
            yield from _contents(hub, disk)


def _sound(session: Session) -> Iterator[Violation]:
    """Rows have their parents, and the database's own pages are whole."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for row in session.execute(text("PRAGMA foreign_key_check")):
        yield Violation(5, f"a row of {row[0]} has lost its parent in {row[2]}")
    answer = session.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if answer != "ok":
        yield Violation(5, f"the database file is damaged: {answer}")


def _paths(session: Session) -> Iterator[Violation]:
    """2, 11, 13: a file lies where its event, its kind and its maker say."""
    last = 0
    while True:
        rows = session.execute(
            select(EventFile.id, EventFile.path, EventFile.kind, Event.id, Event.uid, Camera)
            .join(Event, Event.id == EventFile.event)
            .join(Camera, Camera.id == Event.camera)
            .where(EventFile.id > last)
            .order_by(EventFile.id)
            .limit(PAGE)
        ).all()
        for _id, path, kind, event_id, uid, camera in rows:
            own, old = layout.parse(path), old_layout.parse(path)
            if own and (own.camera_id, str(own.uid), own.kind) == (camera.camera_id, uid, kind):
                continue
            if old and (old.camera_id, old.event_id, old.kind) == (
                camera.camera_id,
                event_id,
                kind,
            ):
                continue
            number = 11 if own is not None else 13
            yield Violation(number, f"event {event_id} has its {kind} at {path}, not its own place")
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def _whole_events(session: Session) -> Iterator[Violation]:
    """5: an event whose video has arrived is in the convert stage."""
    staged = exists().where(EventStage.event == EventFile.event, EventStage.stage == Stage.CONVERT)
    for event_id in session.scalars(
        select(EventFile.event).where(
            EventFile.kind == FileKind.CLIP, EventFile.transferred, not_(staged)
        )
    ):
        yield Violation(5, f"event {event_id} has a clip and no convert stage")


def _holders(session: Session) -> Iterator[Violation]:
    """7: what is claimed has a holder and a lease; what is not has neither."""
    held = EventStage.lease_owner.is_not(None) & EventStage.lease_until.is_not(None)
    free = EventStage.lease_owner.is_(None) & EventStage.lease_until.is_(None)
    claimed = EventStage.state == State.CLAIMED
    for row in session.scalars(
        select(EventStage).where(or_(and_(claimed, not_(held)), and_(not_(claimed), not_(free))))
    ):
        yield Violation(7, f"{row.stage} of event {row.event} is {row.state}, its lease is not")


def _moves(session: Session) -> Iterator[Violation]:
    """8: a stage stands where the last row of its history left it."""
    newest = (
        select(func.max(StageHistory.id).label("id"))
        .group_by(StageHistory.event, StageHistory.stage)
        .subquery()
    )
    for row in session.execute(
        select(EventStage.event, EventStage.stage, EventStage.state, StageHistory.to_state)
        .join(
            StageHistory,
            and_(StageHistory.event == EventStage.event, StageHistory.stage == EventStage.stage),
        )
        .join(newest, newest.c.id == StageHistory.id)
        .where(StageHistory.to_state != EventStage.state)
    ):
        yield Violation(
            8, f"{row.stage} of event {row.event} is {row.state}, its history says {row.to_state}"
        )


def _sources(session: Session) -> Iterator[Violation]:
    """9: what was converted still has its raw clip, or says that it is gone."""
    clip = exists().where(EventFile.event == EventStage.event, EventFile.kind == FileKind.CLIP)
    for event_id in session.scalars(
        select(EventStage.event).where(
            EventStage.stage == Stage.CONVERT, EventStage.state == State.DONE, not_(clip)
        )
    ):
        yield Violation(9, f"event {event_id} is converted and has no clip")


def _totals(session: Session) -> Iterator[Violation]:
    """15: a camera's total is the number of its events."""
    counted = dict(
        session.execute(select(Event.camera, func.count(Event.id)).group_by(Event.camera)).all()
    )
    told = dict(session.execute(select(EventTotal.camera, EventTotal.events)).all())
    for camera in sorted(counted.keys() | told.keys()):
        if counted.get(camera, 0) != told.get(camera, 0):
            yield Violation(
                15,
                f"camera number {camera} has {counted.get(camera, 0)} events, its total says "
                f"{told.get(camera, 0)}",
            )


def _one_owner(session: Session) -> Iterator[Violation]:
    """20: no file is both an event's and garbage."""
    for path in session.scalars(
        select(EventFile.path).join(Garbage, Garbage.path == EventFile.path)
    ):
        yield Violation(20, f"{path} is an event's and garbage at once")


_ROWS_ALONE: tuple[Callable[[Session], Iterator[Violation]], ...] = (
    _sound,
    _paths,
    _whole_events,
    _holders,
    _moves,
    _sources,
    _totals,
    _one_owner,
)


def _against_files(found: Survey) -> Iterator[Violation]:
    """1, 3, 21: what rows say lies on the share as they say; every manifest has its event."""
    for row, file in found.changed:
        yield Violation(
            1, f"{row.path} has {file.size_bytes} bytes, event {row.event_id} says {row.size_bytes}"
        )
    for row in found.missing:
        yield Violation(3, f"event {row.event_id} has its {row.kind} at {row.path}: no such file")
    for path in found.unknown_manifests:
        yield Violation(21, f"{path} lies on the share, its event is not in the database")
    for path in found.lost_old:
        yield Violation(21, f"{path} lies on the share, its event is not in the database")


def _contents(hub: Hub, disk: Disk) -> Iterator[Violation]:
    """1: every file has the content whose hash its agent, or the hub, has noted."""
    last = 0
    while True:
        with hub.database.reading() as session:
            files = session.scalars(
                select(EventFile)
                .where(EventFile.id > last, EventFile.transferred, EventFile.gone_at.is_(None))
                .order_by(EventFile.id)
                .limit(PAGE)
            ).all()
        for file in files:
            if file.sha256 is not None and _hash(disk, file.path) not in (None, file.sha256):
                yield Violation(1, f"{file.path} of event {file.event} is not what was recorded")
        if len(files) < PAGE:
            return
        last = files[-1].id


def _hash(disk: Disk, path: str) -> str | None:
    try:
        with disk.open(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
