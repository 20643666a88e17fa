"""The manifest: what an agent says about one event, beside the clip and to the hub. One model.

The same JSON lies on the share as `…_manifest.json`, is posted to `/api/v1/events` to register the
event, and is read back by reconcile. Times are UTC with offset; lengths end in their unit.
Unknown fields are ignored, so that an older reader survives a newer writer.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic.config import JsonDict

from nfs.layout import CAMERA_ID_PATTERN, FileKind


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _number(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("must be a number")
    return value


def _text_of_time(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise ValueError("must be a time in ISO 8601, with its offset")
    return value


def _utc(value: datetime) -> datetime:
    try:
        found = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies at the end of all time") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return found


FIRST_YEAR, LAST_YEAR = 1970, 2199
"""A camera without a clock wakes in 1970. What lies beyond fits neither paths nor databases."""

HIGHEST = 2**63 - 1
"""No column holds more."""

Finite = Annotated[float, AfterValidator(_finite), BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_number), Field(ge=-HIGHEST, le=HIGHEST)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_utc), BeforeValidator(_text_of_time)]
Unit = Annotated[Finite, Field(ge=0, le=1)]
Yes = Annotated[bool, Field(strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Box(_Part):
    """A rectangle in the picture: left, top, width and height as fractions of it."""

    x: Unit
    y: Unit
    w: Unit
    h: Unit


class Trigger(_Part):
    """Why the event was made, in figures and in a sentence for the owner."""

    reason: Annotated[str, Field(max_length=500)]
    peak_at: UtcTime
    boxes: Annotated[list[Box], Field(max_length=64)] = []
    zones: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=64)] = []


class Segment(_Part):
    """Place in a chain of clips that follow each other without a gap: 1 is the first."""

    index: Annotated[Whole, Field(ge=1, le=100_000)] = 1
    previous_uid: UUID | None = None


class ClockReading(_Part):
    """What the camera's clock was worth: a Pi has no clock of its own until NTP answers."""

    boot_id: Annotated[str, Field(max_length=64)]
    monotonic_us: Whole
    offset_ms: Whole | None = None
    synchronised: Yes = True


class Clip(_Part):
    """The raw H.264 and what a correct MP4 of it must show."""

    codec: Literal["h264"] = "h264"
    width: Annotated[Whole, Field(ge=16, le=16384)]
    height: Annotated[Whole, Field(ge=16, le=16384)]
    packets: Annotated[Whole, Field(ge=1)]
    duration_us: Annotated[Whole, Field(ge=0)]


class Origin(_Part):
    """Where the pictures come from. `position_s` is the place within looped footage."""

    kind: Annotated[str, Field(max_length=40)]
    synthetic: Yes = False
    position_s: Finite | None = None


class FileEntry(_Part):
    """One file that lies on the share, complete, with what it must hash to."""

    kind: FileKind
    path: Annotated[str, Field(min_length=1, max_length=500)]
    bytes: Annotated[Whole, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


_STEM = "front/2026-11-20/20261120T170405Z_9116802f-6a42-4a52-9a0e-6a3d1b0f1c11"
EXAMPLE: JsonDict = {
    "version": 1,
    "uid": "9116802f-6a42-4a52-9a0e-6a3d1b0f1c11",
    "camera_id": "front",
    "timestamp": "2026-11-20T17:04:05.250000Z",
    "clip_started_at": "2026-11-20T17:04:00.250000Z",
    "ended_at": "2026-11-20T17:04:14.750000Z",
    "motion_score": 4.2,
    "confidence_score": 81,
    "trigger": {
        "reason": "something large moved left to right for 1.4 s",
        "peak_at": "2026-11-20T17:04:06.500000Z",
        "boxes": [{"x": 0.31, "y": 0.2, "w": 0.12, "h": 0.4}],
        "zones": ["path"],
    },
    "segment": {"index": 1, "previous_uid": None},
    "clock": {
        "boot_id": "0d5c2d8e-5d3f-4d3a-8f0e-1f7b3c1f9a10",
        "monotonic_us": 86400000000,
        "offset_ms": 3,
        "synchronised": True,
    },
    "origin": {"kind": "picamera2", "synthetic": False, "position_s": None},
    "clip": {
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "packets": 145,
        "duration_us": 14500000,
    },
    "files": [
        {
            "kind": "clip",
            "path": f"{_STEM}_clip.h264",
            "bytes": 3145728,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    ],
    "salvaged": False,
}


class Manifest(_Part):
    """One event, whole. `timestamp` is the start of the motion; the clip starts earlier."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    version: Literal[1] = 1
    uid: UUID
    camera_id: Annotated[str, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    timestamp: UtcTime
    clip_started_at: UtcTime
    ended_at: UtcTime
    motion_score: Annotated[Finite, Field(ge=0)]
    confidence_score: Annotated[Finite, Field(ge=0)]
    trigger: Trigger
    segment: Segment = Segment()
    clock: ClockReading
    origin: Origin
    clip: Clip | None = None
    files: Annotated[list[FileEntry], Field(max_length=32)]
    salvaged: Yes = False

    def file(self, kind: FileKind) -> FileEntry | None:
        """Return the entry of one kind, or None when the event has no such file."""
        return next((entry for entry in self.files if entry.kind == kind), None)
