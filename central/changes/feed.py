"""Appending to the change feed, in the transaction that makes the change true; and reading it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from database.models import Camera, Change

KEPT_FOR = timedelta(days=1)
"""A client that was away for longer reloads its page."""

Verb = Literal["new", "update", "end"]
_ROWS: Table = Change.__table__  # type: ignore[assignment]
_APPEND = insert(_ROWS)


@dataclass(frozen=True, slots=True)
class Hint:
    """Something of this kind changed: look it up again if it matters to you."""

    id: int
    kind: str
    verb: str
    ref: int
    camera_id: str | None


def append(
    session: Session,
    kind: str,
    verb: Verb,
    ref: int,
    now: datetime,
    *,
    camera: int | None = None,
) -> None:
    """Add a hint. It becomes visible with everything else that this transaction does."""
    session.connection().execute(
        _APPEND, {"kind": kind, "verb": verb, "ref": ref, "camera": camera, "at": now}
    )


def after(session: Session, last_id: int, limit: int = 1000) -> list[Hint]:
    """Return the hints with ids above `last_id`, in the order of their ids."""
    rows = session.execute(
        select(Change, Camera.camera_id)
        .outerjoin(Camera, Camera.id == Change.camera)
        .where(Change.id > last_id)
        .order_by(Change.id)
        .limit(limit)
    )
    return [Hint(row.id, row.kind, row.verb, row.ref, name) for row, name in rows]


def span(session: Session) -> tuple[int, int]:
    """Return the oldest and the newest id that are kept; (0, 0) when there is none."""
    # Two queries: SQLite reads the whole table when both ends are asked for in one.
    oldest = session.scalar(select(func.min(Change.id)))
    newest = session.scalar(select(func.max(Change.id)))
    return oldest or 0, newest or 0


def forget_old(session: Session, now: datetime) -> int:
    """Drop hints that nobody can resume from any more; return how many."""
    result = session.execute(delete(_ROWS).where(_ROWS.c.at < now - KEPT_FOR))
    return int(getattr(result, "rowcount", 0))
