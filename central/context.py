"""What every part of the hub is handed: settings, database and clock of this process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.clock import Clock
from central.settings import Settings
from database.engine import Database


@dataclass(frozen=True)
class Hub:
    """One process of the hub."""

    settings: Settings
    database: Database
    clock: Clock


async def hub_of(request: Request) -> Hub:
    """Return the hub that serves this request; async, or every request would wait for a thread."""
    hub: Hub = request.app.state.hub
    return hub


TheHub = Annotated[Hub, Depends(hub_of)]
