"""Where the files of an event lie on the share, and back from a path to its event. Pure.

Two trees stand beside each other, so that an agent's identity needs to write only its own folder:

    <camera>/<YYYY-MM-DD>/<YYYYMMDDTHHMMSSZ>_<uid>_<name>            written by the agent
    hub-made/<camera>/<YYYY-MM-DD>/<YYYYMMDDTHHMMSSZ>_<uid>_<name>   derived by the hub

`hub-made`, like `hub-quarantine`, holds a hyphen, which no camera id may: the trees never collide.
Day and time are those of the motion's start, in UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import UUID

MARKER_NAME = ".gatehouse-share"
"""File at the root of a share that says which share this is."""

PARTIAL_SUFFIX = ".part"
"""A file that ends so is still being written and belongs to nobody yet."""

HUB_FOLDER = "hub-made"
QUARANTINE_FOLDER = "hub-quarantine"
"""Files nobody owns wait here before they are removed: `<day they were moved>/<where they lay>`."""

CAMERA_ID_PATTERN = r"[A-Za-z0-9_]{1,50}"


class FileKind(StrEnum):
    """What a file of an event is."""

    CLIP = "clip"
    TIMING = "timing"
    STILL_A = "still_a"
    STILL_B = "still_b"
    THUMBNAIL = "thumbnail"
    MANIFEST = "manifest"
    MP4 = "mp4"
    POSTER = "poster"


AGENT_NAMES: dict[FileKind, str] = {
    FileKind.CLIP: "clip.h264",
    FileKind.TIMING: "clip.timing",
    FileKind.STILL_A: "still_a.jpg",
    FileKind.STILL_B: "still_b.jpg",
    FileKind.THUMBNAIL: "thumb.jpg",
    FileKind.MANIFEST: "manifest.json",
}
HUB_NAMES: dict[FileKind, str] = {
    FileKind.MP4: "clip.mp4",
    FileKind.POSTER: "poster.jpg",
}
_KIND_OF_NAME = {name: kind for kind, name in (AGENT_NAMES | HUB_NAMES).items()}
_STAMP = "%Y%m%dT%H%M%SZ"
_FILE = re.compile(
    r"(?P<stamp>\d{8}T\d{6}Z)_(?P<uid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_(?P<name>[a-z0-9_.]+)"
)


@dataclass(frozen=True)
class SharePath:
    """What a path on the share says: whose file, of which event, of what kind."""

    camera_id: str
    started_at: datetime
    uid: UUID
    kind: FileKind


def is_camera_id(text: str) -> bool:
    """Tell whether a text can be a camera's public name."""
    return re.fullmatch(CAMERA_ID_PATTERN, text) is not None


def path_for(camera_id: str, started_at: datetime, uid: UUID, kind: FileKind) -> PurePosixPath:
    """Return the path, relative to the share, of one file of an event.

    `started_at` must be aware; it is cut to whole seconds of UTC.
    Raises ValueError for a camera id or a time that cannot stand in a path.
    """
    if not is_camera_id(camera_id):
        raise ValueError(f"{camera_id!r} is no camera id: use 1–50 of A–Z, a–z, 0–9 and _")
    if started_at.tzinfo is None:
        raise ValueError("started_at must know its time zone")
    at = started_at.astimezone(UTC)
    stem = f"{at.strftime(_STAMP)}_{uid}"
    day = at.strftime("%Y-%m-%d")
    if kind in HUB_NAMES:
        return PurePosixPath(HUB_FOLDER, camera_id, day, f"{stem}_{HUB_NAMES[kind]}")
    return PurePosixPath(camera_id, day, f"{stem}_{AGENT_NAMES[kind]}")


def parse(path: PurePosixPath | str) -> SharePath | None:
    """Return what a path relative to the share says, or None when it is no path of ours."""
    parts = PurePosixPath(path).parts
    by_hub = bool(parts) and parts[0] == HUB_FOLDER
    if by_hub:
        parts = parts[1:]
    if len(parts) != 3 or not is_camera_id(parts[0]):
        return None
    found = _FILE.fullmatch(parts[2])
    if found is None:
        return None
    kind = _KIND_OF_NAME.get(found["name"])
    if kind is None or (kind in HUB_NAMES) is not by_hub:
        return None
    try:
        started_at = datetime.strptime(found["stamp"], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    if started_at.strftime("%Y-%m-%d") != parts[1]:
        return None
    return SharePath(parts[0], started_at, UUID(found["uid"]), kind)


def camera_folder(camera_id: str) -> PurePosixPath:
    """Return the folder that belongs to one camera's agent."""
    return PurePosixPath(camera_id)
