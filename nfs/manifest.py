"""The manifest: what an agent says about one event, beside the clip and to the hub. One model.

The same JSON lies on the share as `…_manifest.json`, is posted to `/api/v1/events` to register the
event, and is read back by reconcile. Times are UTC with offset; lengths end in their unit.
Unknown fields are ignored, so that an older reader survives a newer writer.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from nfs.layout import CAMERA_ID_PATTERN, FileKind


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Finite = Annotated[float, AfterValidator(_finite)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]
Unit = Annotated[Finite, Field(ge=0, le=1)]


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

    index: Annotated[int, Field(ge=1, le=100_000)] = 1
    previous_uid: UUID | None = None


class ClockReading(_Part):
    """What the camera's clock was worth: a Pi has no clock of its own until NTP answers."""

    boot_id: Annotated[str, Field(max_length=64)]
    monotonic_us: int
    offset_ms: int | None = None
    synchronised: bool = True


class Clip(_Part):
    """The raw H.264 and what a correct MP4 of it must show."""

    codec: Literal["h264"] = "h264"
    width: Annotated[int, Field(ge=16, le=16384)]
    height: Annotated[int, Field(ge=16, le=16384)]
    packets: Annotated[int, Field(ge=1)]
    duration_us: Annotated[int, Field(ge=0)]


class Origin(_Part):
    """Where the pictures come from. `position_s` is the place within looped footage."""

    kind: Annotated[str, Field(max_length=40)]
    synthetic: bool = False
    position_s: Finite | None = None


class FileEntry(_Part):
    """One file that lies on the share, complete, with what it must hash to."""

    kind: FileKind
    path: Annotated[str, Field(min_length=1, max_length=500)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(_Part):
    """One event, whole. `timestamp` is the start of the motion; the clip starts earlier."""

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
    salvaged: bool = False

    def file(self, kind: FileKind) -> FileEntry | None:
        """Return the entry of one kind, or None when the event has no such file."""
        return next((entry for entry in self.files if entry.kind == kind), None)
