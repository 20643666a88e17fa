"""The register of cameras. Owner of the `camera` rows."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from agent.contract import CameraRegistration
from central.errors import NotFound
from database.engine import Database, is_duplicate
from database.models import Camera
from nfs.layout import is_camera_id

ONLINE = "online"
SEEN_ANEW_AFTER = timedelta(seconds=5)
DEFAULT_FRAMES_PER_S = 15.0
"""What agents in the field record at when their settings say nothing else (wire contract)."""

_ROWS: Table = Camera.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What the hub knows of a camera. `id` is the key of its rows, `camera_id` its public name."""

    id: int
    camera_id: str
    name: str
    location: str
    ip_address: str
    status: str
    frames_per_s: float
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    timezone: str | None


# Plain rows, put together once: an ORM object costs several times as much, for every event.
_EVERY = select(*(_ROWS.c[field.name] for field in fields(CameraFacts))).order_by(_ROWS.c.camera_id)
_ONE = _EVERY.where(_ROWS.c.camera_id == bindparam("wanted"))


def register(database: Database, wanted: CameraRegistration, now: datetime) -> CameraFacts:
    """Make the camera known, or note what it says of itself now, and return what is known.

    Any number of first registrations at once make one row.
    """
    values = wanted.model_dump() | {"status": ONLINE, "last_seen_at": now, "updated_at": now}

    def refreshed(session: Session) -> CameraFacts | None:
        session.execute(update(_ROWS).where(_ROWS.c.camera_id == wanted.camera_id).values(**values))
        return find(session, wanted.camera_id)

    found = database.write(refreshed, idempotent=True)
    if found is not None:
        return found
    fresh = values | {
        "frames_per_s": DEFAULT_FRAMES_PER_S,
        "created_at": now,
        "version": 1,
    }
    try:
        database.write(lambda session: session.execute(insert(_ROWS).values(**fresh)))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
    found = database.write(refreshed, idempotent=True)
    if found is None:
        raise RuntimeError(f"camera {wanted.camera_id} vanished while it registered")
    return found


def find(session: Session, camera_id: str) -> CameraFacts | None:
    """Return what is known of a camera, or None."""
    if not is_camera_id(camera_id):
        return None  # MariaDB cannot compare an ASCII column with every text
    row = session.connection().execute(_ONE, {"wanted": camera_id}).first()
    return None if row is None else CameraFacts(*row)


def known(session: Session, camera_id: str) -> CameraFacts:
    """Return what is known of a camera. Raises NotFound, in the words old agents wait for."""
    found = find(session, camera_id)
    if found is None:
        raise NotFound(f"Camera {camera_id} not registered. Please register camera first.")
    return found


def zone_of(camera: CameraFacts, house: ZoneInfo) -> ZoneInfo:
    """Return the zone in which this camera's naive times are meant: its own, else the house's."""
    return ZoneInfo(camera.timezone) if camera.timezone else house


def change(database: Database, camera_id: str, values: dict[str, object], now: datetime) -> None:
    """Set columns of a camera that its owner may set. Raises NotFound."""

    def store(session: Session) -> None:
        camera = find(session, camera_id)
        if camera is None:
            raise NotFound(f"Camera {camera_id} not found")
        session.execute(
            update(_ROWS)
            .where(_ROWS.c.id == camera.id)
            .values(**values, updated_at=now, version=_ROWS.c.version + 1)
        )

    database.write(store)


def seen(session: Session, camera: CameraFacts, now: datetime) -> None:
    """Note that this camera was heard of, to the nearest seconds: a burst costs one write."""
    heard = camera.last_seen_at
    if camera.status == ONLINE and heard is not None and abs(now - heard) < SEEN_ANEW_AFTER:
        return
    session.execute(
        update(_ROWS).where(_ROWS.c.id == camera.id).values(status=ONLINE, last_seen_at=now)
    )


def every(session: Session) -> list[CameraFacts]:
    """Return all cameras by their public name."""
    return [CameraFacts(*row) for row in session.execute(_EVERY)]
