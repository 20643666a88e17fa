"""Events as retention sees them, oldest first, page by page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from central.stages.lifecycle import Stage, State
from central.storage.disk import BLOCK_BYTES, on_disk
from central.storage.retention import Candidate
from database.engine import Database
from database.models import Event, EventFile, EventStage

PAGE = 500
MANIFEST_BYTES = BLOCK_BYTES
"""A manifest has no row; it takes one block."""


def wanted() -> ColumnElement[bool]:
    """Tell which events somebody wants to keep. The one place for stars and shares."""
    return false()


def oldest_first(database: Database) -> Iterator[Candidate]:
    """Yield all events, oldest first."""
    last: tuple[datetime, int] | None = None
    while True:
        with database.reading() as session:
            page = _page(session, last)
        yield from page
        if len(page) < PAGE:
            return
        last = (page[-1].started_at, page[-1].event_id)


def among(session: Session, event_ids: Iterable[int]) -> list[Candidate]:
    """Return these events, as they are now, held against everybody else until the commit."""
    ids = list(event_ids)
    session.execute(select(Event.id).where(Event.id.in_(ids)).with_for_update())
    session.execute(select(EventStage.event).where(EventStage.event.in_(ids)).with_for_update())
    return _candidates(session, Event.id.in_(ids), limit=len(ids))


def bytes_by_camera(session: Session) -> dict[int, int]:
    """Return what each camera's files take on the disk."""
    blocks = EventFile.size_bytes + (BLOCK_BYTES - 1)
    rows = session.execute(
        select(Event.camera, func.sum(blocks - blocks % BLOCK_BYTES))
        .join(EventFile, EventFile.event == Event.id)
        .where(EventFile.transferred, EventFile.gone_at.is_(None))
        .group_by(Event.camera)
    )
    return {camera: int(taken or 0) for camera, taken in rows}


def came_since(session: Session, since: datetime) -> tuple[int, datetime | None]:
    """Return the bytes of events that began since then, and when the oldest of them did."""
    size, oldest = session.execute(
        select(func.sum(EventFile.size_bytes), func.min(Event.started_at))
        .join(EventFile, EventFile.event == Event.id)
        .where(Event.started_at >= since, EventFile.transferred)
    ).one()
    return int(size or 0), oldest


def _page(session: Session, last: tuple[datetime, int] | None) -> list[Candidate]:
    if last is None:
        return _candidates(session)
    at, event_id = last
    newer = (Event.started_at >= at, or_(Event.started_at > at, Event.id > event_id))
    return _candidates(session, *newer)


def _candidates(
    session: Session, *where: ColumnElement[bool], limit: int = PAGE
) -> list[Candidate]:
    rows = session.execute(
        select(Event.id, Event.camera, Event.started_at, Event.created_at, wanted().label("wanted"))
        .where(*where)
        .order_by(Event.started_at, Event.id)
        .limit(limit)
    ).all()
    ids = [row.id for row in rows]
    taken: dict[int, int] = defaultdict(lambda: MANIFEST_BYTES)
    for event, size in session.execute(
        select(EventFile.event, EventFile.size_bytes).where(
            EventFile.event.in_(ids), EventFile.gone_at.is_(None)
        )
    ):
        taken[event] += on_disk(size or 0)
    states: dict[int, dict[str, str]] = defaultdict(dict)
    for event, stage, state in session.execute(
        select(EventStage.event, EventStage.stage, EventStage.state).where(
            EventStage.event.in_(ids)
        )
    ):
        states[event][stage] = state
    return [
        Candidate(
            row.id,
            row.camera,
            row.started_at,
            row.created_at,
            taken[row.id],
            wanted=bool(row.wanted),
            claimed=State.CLAIMED in states[row.id].values(),
            convert_state=states[row.id].get(Stage.CONVERT),
        )
        for row in rows
    ]
