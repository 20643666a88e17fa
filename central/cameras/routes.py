"""`/api/v1/cameras`: registration by agents, and the list."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from agent.contract import CameraRegistration
from central import local_time
from central.accounts.caller import Caller
from central.accounts.guard import Limited, needs
from central.accounts.limits import Rule
from central.accounts.permissions import Permission
from central.cameras import registry
from central.cameras.registry import CameraFacts
from central.context import TheHub
from central.settings import Settings

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])

Registrar = Annotated[Caller, Depends(needs(Permission.CAMERAS_REGISTER, wire=True))]
Reader = Annotated[Caller, Depends(needs(Permission.CAMERAS_READ, wire=True))]


def registration_limit(settings: Settings) -> Rule:
    """Return how often an address may register cameras."""
    return Rule("registration", settings.registrations_per_minute, 1)


class CameraOut(BaseModel):
    """A camera as clients see it. Its times are naive, in its own zone or the hub's."""

    id: int
    camera_id: str
    name: str
    location: str
    ip_address: str
    status: str
    last_seen: str | None
    created_at: str
    updated_at: str


def shown(camera: CameraFacts, house: ZoneInfo) -> CameraOut:
    """Return what clients may see of a camera's row."""
    zone, heard = registry.zone_of(camera, house), camera.last_seen_at
    return CameraOut(
        id=camera.id,
        camera_id=camera.camera_id,
        name=camera.name,
        location=camera.location,
        ip_address=camera.ip_address,
        status=camera.status,
        last_seen=local_time.local_naive(heard, zone) if heard else None,
        created_at=local_time.local_naive(camera.created_at, zone),
        updated_at=local_time.local_naive(camera.updated_at, zone),
    )


@router.post("/register", dependencies=[Depends(Limited(registration_limit, "registrations"))])
def register(wanted: CameraRegistration, agent: Registrar, hub: TheHub) -> CameraOut:
    """Make a camera known, or refresh what is known of it."""
    agent.must_own(wanted.camera_id)
    return shown(registry.register(hub.database, wanted, hub.clock()), hub.settings.zone)


@router.get("")
def list_cameras(reader: Reader, hub: TheHub) -> list[CameraOut]:
    """Return the cameras the caller may know of, by `camera_id`."""
    with hub.database.reading() as session:
        cameras = registry.every(session)
    return [
        shown(camera, hub.settings.zone) for camera in cameras if reader.may_see(camera.camera_id)
    ]
