"""In which zone a source's naive times are local: its camera's, where the owner set one."""

import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from central.context import Hub
from database.models import Camera

BELIEVED_S = 5.0
"""Zones are set once in a camera's life, and asked for with every batch."""


class Zones:
    """The zones of all sources, as one process knows them. Shared by its threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: dict[str, ZoneInfo] = {}
        self._read_at = -BELIEVED_S

    def of(self, source: str) -> ZoneInfo:
        """Return the zone of a source: `front` and `front:wifi` are the camera `front`."""
        if time.monotonic() - self._read_at >= BELIEVED_S:
            self._known = self._read()  # two threads at once may both read: the same, and rarely
            self._read_at = time.monotonic()
        return self._known.get(source.partition(":")[0], self._hub.settings.zone)

    def _read(self) -> dict[str, ZoneInfo]:
        with self._hub.database.reading() as session:
            rows = session.execute(
                select(Camera.camera_id, Camera.timezone).where(Camera.timezone.is_not(None))
            ).all()
        found = {}
        for camera_id, name in rows:
            try:
                found[camera_id] = ZoneInfo(name or "")
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue  # what no machine here knows is read in the house's zone
        return found
