"""How long the room lasts, from what came in lately. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from central.storage.retention import START_FREE, STOP_FREE, Space


@dataclass(frozen=True)
class Forecast:
    """`days_left` until room must be made, None when nothing comes in; and the reach then.

    `reach_days`: how far back footage goes once the oldest makes room for the newest.
    """

    bytes_per_day: float
    days_left: float | None
    reach_days: float | None


def forecast(space: Space, footage_bytes: int, lately_bytes: int, lately: timedelta) -> Forecast:
    """Return what lies ahead when it goes on as lately: `lately_bytes` came within `lately`."""
    days = lately / timedelta(days=1)
    per_day = lately_bytes / days if days > 0 else 0.0
    if per_day <= 0:
        return Forecast(0.0, None, None)
    spare = max(0.0, space.free_bytes - START_FREE * space.total_bytes)
    room = footage_bytes + max(0.0, space.free_bytes - STOP_FREE * space.total_bytes)
    return Forecast(per_day, spare / per_day, room / per_day)
