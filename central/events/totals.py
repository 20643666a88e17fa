"""How many events there are, without counting them. Owner of `event_total`."""

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from database.models import EventTotal

_ROWS: Table = EventTotal.__table__  # type: ignore[assignment]

_lite, _maria = sqlite.insert(_ROWS), mysql.insert(_ROWS)
_SQLITE = _lite.on_conflict_do_update(
    index_elements=["camera"], set_={"events": _ROWS.c.events + _lite.excluded.events}
)
_MARIADB = _maria.on_duplicate_key_update(events=_ROWS.c.events + _maria.inserted.events)


def add(session: Session, camera: int, events: int) -> None:
    """Count events of a camera that this transaction adds or, below zero, removes.

    Call it last: it holds the camera's one counter until the commit.
    """
    lite = session.get_bind().dialect.name == "sqlite"
    session.connection().execute(
        _SQLITE if lite else _MARIADB, {"camera": camera, "events": events}
    )


def total(session: Session, cameras: list[int] | None = None) -> int:
    """Return the number of events of these cameras, or of all."""
    query = select(func.coalesce(func.sum(_ROWS.c.events), 0))
    if cameras is not None:
        query = query.where(_ROWS.c.camera.in_(cameras))
    return int(session.scalar(query) or 0)
