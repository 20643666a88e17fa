"""What every part of the hub is handed: settings, database and clock of this process."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from central.clock import Clock
from central.errors import Unavailable
from central.settings import Settings
from database.engine import Database

if TYPE_CHECKING:
    from central.secrets import Secrets


@dataclass(frozen=True)
class Hub:
    """One process of the hub."""

    settings: Settings
    database: Database
    clock: Clock

    @cached_property
    def secrets(self) -> "Secrets":
        """What this hub can seal and open. Made at the first use: most commands need none."""
        from central import secrets

        return secrets.load(self.settings.master_key_path)


def ready_hub(request: HTTPConnection) -> Hub:
    """Return the hub that serves this request. Raises Unavailable while its database is away.

    At once: with sixteen requests waiting for a hanging database, nothing else could be answered.
    """
    if request.app.state.probe.away:
        raise Unavailable("the hub's database does not answer now")
    hub: Hub = request.app.state.hub
    return hub


async def hub_of(request: HTTPConnection) -> Hub:
    """Do the same as a dependency; async, or every request would wait for a thread."""
    return ready_hub(request)


TheHub = Annotated[Hub, Depends(hub_of)]
