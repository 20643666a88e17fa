"""Where agents that were in the field before Gatehouse lay their files, and what such a path says.

    <camera>/pictures/<event id>_<YYYYMMDD>_<HHMMSS>_a.jpg     and …_b.jpg
    <camera>/thumbs/<event id>_<YYYYMMDD>_<HHMMSS>_thumb.jpg
    <camera>/videos/<event id>_<YYYYMMDD>_<HHMMSS>_video.h264

The event id is the hub's: it adopts a file into the event that its name says, and no other. The
time is the camera's own and decides nothing. Some agents leave an empty `….READY` beside a file.
Pure; source: the wire contract with agents in the field.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from nfs.layout import FileKind, is_camera_id

READY_SUFFIX = ".READY"
"""An empty file beside a complete one: old agents' mark, which nothing waits for."""

_PLACES = {
    ("pictures", "a.jpg"): FileKind.STILL_A,
    ("pictures", "b.jpg"): FileKind.STILL_B,
    ("thumbs", "thumb.jpg"): FileKind.THUMBNAIL,
    ("videos", "video.h264"): FileKind.CLIP,
}
_NAME = re.compile(r"(?P<event_id>[1-9][0-9]{0,18})_[0-9]{8}_[0-9]{6}_(?P<end>[a-z0-9.]+)")


@dataclass(frozen=True)
class OldPath:
    """What a path of the old layout says: whose file, of which event, of what kind."""

    camera_id: str
    event_id: int
    kind: FileKind


def parse(path: str) -> OldPath | None:
    """Return what a path relative to the share says, or None when it is none of this layout."""
    parts = path.split("/")
    if len(parts) != 3 or not is_camera_id(parts[0]):
        return None
    found = _NAME.fullmatch(parts[2])
    kind = _PLACES.get((parts[1], found["end"])) if found else None
    if found is None or kind is None:
        return None
    return OldPath(parts[0], int(found["event_id"]), kind)


def example(camera_id: str, event_id: int, kind: FileKind) -> PurePosixPath:
    """Return how a path must look, for messages to who got it wrong. Raises KeyError."""
    folder, end = {kind: place for place, kind in _PLACES.items()}[kind]
    return PurePosixPath(camera_id, folder, f"{event_id}_YYYYMMDD_HHMMSS_{end}")
