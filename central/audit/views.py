"""Entries for looking at footage: one per person, event and kind every ten minutes."""

import threading
from collections import OrderedDict
from datetime import timedelta

from central.audit.log import Actor, record_once
from central.context import Hub
from nfs.layout import FileKind

WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000
IN_LISTS = (FileKind.THUMBNAIL, FileKind.POSTER)
"""Pictures that lists are made of: looking through a list is one entry a camera."""


class Views:
    """What was noted lately, so that a player's many ranges cost nothing. One per process."""

    def __init__(self) -> None:
        self._noted: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def note(
        self,
        hub: Hub,
        actor: Actor,
        event_id: int,
        camera_id: str,
        kind: FileKind,
        *,
        downloaded: bool = False,
    ) -> None:
        """Make sure that the log tells of this; call it before the first byte is handed out."""
        now = hub.clock()
        window = int(now.timestamp() // WINDOW.total_seconds())
        if kind in IN_LISTS:
            action, about = "footage.browsed", ("camera", camera_id)
            detail = None
        else:
            action = "footage.downloaded" if downloaded else "footage.viewed"
            about = ("event", str(event_id))
            detail = {"kind": str(kind), "camera": camera_id}
        key = "|".join((actor.kind, actor.name, action, *about, str(detail and kind), str(window)))
        with self._lock:
            if key in self._noted:
                return
        record_once(hub.database, now, actor, action, *about, key, detail)
        with self._lock:
            self._noted[key] = None
            while len(self._noted) > REMEMBERED:
                self._noted.popitem(last=False)
