"""The pulse: proof that a process of the hub lives and that the database takes its writes.

Owner of `pulse`.
"""

from datetime import datetime

from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database.engine import Database, is_duplicate
from database.models import Pulse

EVERY_S = 30.0
"""Seldom enough for an SD card, often enough to notice a full disk before an event comes."""

_ROWS: Table = Pulse.__table__  # type: ignore[assignment]


def beat(database: Database, process: str, now: datetime) -> None:
    """Note durably that this process lives. Raises SQLAlchemyError when that cannot be written."""

    def store(session: Session) -> None:
        mine = update(_ROWS).where(_ROWS.c.process == process).values(at=now)
        if session.execute(mine).rowcount == 0:  # type: ignore[attr-defined]
            session.execute(insert(_ROWS), {"process": process, "at": now})

    try:
        database.write(store, idempotent=True)
    except IntegrityError as error:
        if not is_duplicate(error):  # a twin of ours was first, which proves as much
            raise


def last(session: Session, process: str) -> datetime | None:
    """Return when a process was last heard of, or None."""
    return session.scalar(select(_ROWS.c.at).where(_ROWS.c.process == process))
