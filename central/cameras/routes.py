"""`/api/v1/cameras`: registration by agents, and the list."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from agent.contract import CameraRegistration
from central.accounts.access import AgentIdentity, TheWireAgent, TheWireReader
from central.cameras import registry
from central.context import TheHub
from database.models import Camera

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])


class CameraOut(BaseModel):
    """A camera as clients see it. Times are UTC."""

    id: int
    camera_id: str
    name: str
    location: str
    ip_address: str
    status: str
    last_seen: datetime | None
    created_at: datetime
    updated_at: datetime


def shown(camera: Camera) -> CameraOut:
    """Return what clients may see of a camera's row."""
    return CameraOut(
        id=camera.id,
        camera_id=camera.camera_id,
        name=camera.name,
        location=camera.location,
        ip_address=camera.ip_address,
        status=camera.status,
        last_seen=camera.last_seen_at,
        created_at=camera.created_at,
        updated_at=camera.updated_at,
    )


@router.post("/register")
def register(wanted: CameraRegistration, agent: TheWireAgent, hub: TheHub) -> CameraOut:
    """Make a camera known, or refresh what is known of it."""
    agent.must_own(wanted.camera_id)
    return shown(registry.register(hub.database, wanted, hub.clock()))


@router.get("")
def list_cameras(reader: TheWireReader, hub: TheHub) -> list[CameraOut]:
    """Return the cameras the caller may know of, by `camera_id`."""
    only = reader.camera_id if isinstance(reader, AgentIdentity) else None
    with hub.database.reading() as session:
        cameras = registry.every(session)
    return [shown(camera) for camera in cameras if only in (None, camera.camera_id)]
