"""What the owner wants kept: the house's rule from the settings, cameras' own from their rows.

Owner of `camera_retention`.
"""

from datetime import datetime, timedelta

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from central.cameras import registry
from central.settings import Settings
from central.storage.retention import Rule
from database.models import CameraRetention

_ROWS: Table = CameraRetention.__table__  # type: ignore[assignment]


def house(settings: Settings) -> Rule:
    """Return the rule for cameras that have none of their own."""
    return rule(settings.keep_days, settings.keep_bytes)


def rule(keep_days: float | None, keep_bytes: int | None) -> Rule:
    """Return a rule in the words of settings and rows."""
    return Rule(timedelta(days=keep_days) if keep_days is not None else None, keep_bytes)


def of_cameras(session: Session) -> dict[int, Rule]:
    """Return the rules of cameras that have one of their own, by the camera's key."""
    rows = session.execute(select(_ROWS))
    return {row.camera: rule(row.keep_days, row.keep_bytes) for row in rows}


def put(
    session: Session,
    camera_id: str,
    keep_days: float | None,
    keep_bytes: int | None,
    now: datetime,
) -> None:
    """Give a camera a rule of its own; with neither, the house's holds again. Raises NotFound."""
    camera = registry.known(session, camera_id)
    session.execute(delete(_ROWS).where(_ROWS.c.camera == camera.id))
    if keep_days is not None or keep_bytes is not None:
        session.execute(
            insert(_ROWS).values(
                camera=camera.id, keep_days=keep_days, keep_bytes=keep_bytes, updated_at=now
            )
        )
