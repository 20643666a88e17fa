"""`/health`: whether the hub can serve. Needs no login."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from central.accounts.guard import public
from central.context import Hub
from central.health.probe import Probe
from central.version import VERSION

router = APIRouter(tags=["health"])

OPEN = Depends(public("agents and monitors ask before they have a token; it tells no secret"))


class Health(BaseModel):
    """Whether the hub can serve."""

    status: Literal["healthy", "degraded"]
    timestamp: datetime
    database: Literal["connected", "disconnected"]
    database_connected: bool
    database_writable: bool
    problems: list[str]
    version: str


@router.get("/health", dependencies=[OPEN])
@router.get("/api/v1/health", include_in_schema=False, dependencies=[OPEN])
async def health(request: Request) -> Health:
    """Answer at once, from what the probe saw last."""
    hub: Hub = request.app.state.hub
    probe: Probe = request.app.state.probe
    up, writable = probe.connected, probe.writable
    return Health(
        status="healthy" if up and writable else "degraded",
        timestamp=hub.clock(),
        database="connected" if up else "disconnected",
        database_connected=up,
        database_writable=writable,
        problems=probe.problems,
        version=VERSION,
    )
