"""Events that the database has lost and the share still knows: taken up again from their files.

After an older database was put back, the share is newer than its rows. A manifest says all of its
event; of an old agent's event only the names of its files are left, with its id, camera and time.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Table, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from agent.contract import CameraRegistration
from central.cameras import registry
from central.changes import feed
from central.context import Hub
from central.errors import BadRequest, GatehouseError
from central.events import progress, query, totals
from central.events.progress import Arrival
from central.events.register import Registered, register
from database.engine import is_duplicate
from database.models import Event
from nfs import old_layout
from nfs.layout import FileKind, path_for
from nfs.manifest import Manifest

_EVENTS: Table = Event.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class Recalled:
    """How many events are back, and which files could not say enough, with the reason."""

    events: int
    refused: tuple[tuple[str, str], ...]


def from_manifest(hub: Hub, path: str, content: bytes) -> Registered:
    """Register the event of a manifest that lies on the share. Raises BadRequest, Conflict."""
    try:
        said = Manifest.model_validate_json(content)
    except ValueError as error:
        raise BadRequest(f"it is no manifest: {str(error).splitlines()[0]}") from error
    if str(path_for(said.camera_id, said.timestamp, said.uid, FileKind.MANIFEST)) != path:
        raise BadRequest("it speaks of another event than its name")
    make_camera_known(hub, said.camera_id)
    return register(hub.database, said, hub.clock())


def from_old_files(hub: Hub, paths: list[str]) -> Recalled:
    """Take up events of old agents whose files are there and whose rows are not, ids and all."""
    made, refused = 0, []
    for path in sorted(paths):
        said = old_layout.parse(path)
        if said is None:
            continue
        try:
            made += _take_up(hub, path, said.camera_id, said.event_id)
            with hub.database.reading() as session:
                facts = query.one(session, said.event_id)
            if facts is not None:
                arrived = Arrival(said.kind, path, transferred=True)
                root = hub.settings.share_root
                progress.file_arrived(hub.database, root, facts, arrived, hub.clock())
        except (GatehouseError, ValueError) as error:
            refused.append((path, str(error)))
    return Recalled(made, tuple(refused))


def make_camera_known(hub: Hub, camera_id: str) -> None:
    """See that a camera has a row; one that is recalled goes by its id until it speaks."""
    with hub.database.reading() as session:
        if registry.find(session, camera_id) is not None:
            return
    said = CameraRegistration(
        camera_id=camera_id, name=camera_id, location="unknown", ip_address=""
    )
    registry.register(hub.database, said, hub.clock())


def _take_up(hub: Hub, path: str, camera_id: str, event_id: int) -> bool:
    """Make the row of an old agent's event, with the id in its files' names; tell whether new.

    Both engines then count on from the highest id, so that no new event gets one of a lost one.
    """
    make_camera_known(hub, camera_id)
    stamp = "".join(PurePosixPath(path).name.split("_")[1:3])
    uid = uuid5(NAMESPACE_URL, f"recalled:{camera_id}:{event_id}")

    def store(session: Session) -> bool:
        if session.scalar(select(_EVENTS.c.id).where(_EVENTS.c.id == event_id)) is not None:
            return False
        camera = registry.known(session, camera_id)
        zone = registry.zone_of(camera, hub.settings.zone)
        at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=zone)
        session.execute(
            insert(_EVENTS).values(
                id=event_id,
                uid=str(uid),
                camera=camera.id,
                started_at=at,
                motion_score=0.0,
                clock={"said": stamp},
                origin={"kind": "old agent", "recalled": True},
                segment=1,
                salvaged=False,
                content_sha256=hashlib.sha256(str(uid).encode()).hexdigest(),
                created_at=hub.clock(),
            )
        )
        feed.append(session, "event", "new", event_id, hub.clock(), camera=camera.id)
        totals.add(session, camera.id, 1)
        return True

    try:
        return hub.database.write(store, idempotent=True)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
