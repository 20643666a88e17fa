"""What every part of the hub is handed: settings, database and clock of this process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.clock import Clock
from central.errors import Unavailable
from central.settings import Settings
from database.engine import Database


@dataclass(frozen=True)
class Hub:
    """One process of the hub."""

    settings: Settings
    database: Database
    clock: Clock


def ready_hub(request: Request) -> Hub:
    """Return the hub that serves this request. Raises Unavailable while its database is away.

    At once: with sixteen requests waiting for a hanging database, nothing else could be answered.
    """
    if not request.app.state.probe.connected:
        raise Unavailable("the hub's database does not answer now")
    hub: Hub = request.app.state.hub
    return hub


async def hub_of(request: Request) -> Hub:
    """Do the same as a dependency; async, or every request would wait for a thread."""
    return ready_hub(request)


TheHub = Annotated[Hub, Depends(hub_of)]
