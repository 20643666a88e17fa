"""What agents in the field send and read, word for word as the wire contract has it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from nfs.layout import CAMERA_ID_PATTERN, FileKind

Number = StrictFloat | StrictInt
"""A JSON number: no text, no boolean."""


class OldKind(StrEnum):
    """What old agents call a file."""

    IMAGE_A = "image_a"
    IMAGE_B = "image_b"
    THUMBNAIL = "thumbnail"
    VIDEO = "video"

    @property
    def kind(self) -> FileKind:
        """What we call it."""
        return _OUR_KINDS[self]


_OUR_KINDS = {
    OldKind.IMAGE_A: FileKind.STILL_A,
    OldKind.IMAGE_B: FileKind.STILL_B,
    OldKind.THUMBNAIL: FileKind.THUMBNAIL,
    OldKind.VIDEO: FileKind.CLIP,
}


class OldStatus(StrEnum):
    """How an event stands, in old agents' words."""

    PROCESSING = "processing"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Announcement(_Said):
    """Motion, at the moment it is seen: an old agent has no manifest and no uid.

    The same camera, timestamp as text, and score are the same event, however often it is posted.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "camera_id": "front",
                    "timestamp": "2026-11-20T18:04:05.123456",
                    "motion_score": 12.5,
                    "confidence_score": 80,
                }
            ]
        }
    )

    camera_id: Annotated[StrictStr, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    timestamp: Annotated[
        Annotated[StrictStr, Field(max_length=64)] | Number,
        Field(
            description="ISO 8601; without offset it is local time of the camera's zone. Or "
            "seconds since 1970."
        ),
    ]
    motion_score: Annotated[Number, Field(ge=0, le=1e300)]
    confidence_score: Annotated[Number, Field(ge=0, le=1e300)] | None = None


class FileArrival(_Said):
    """A file of an event is on its way to the share, or there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file_type": "image_a",
                    "file_path": "front/pictures/7_20261120_180405_a.jpg",
                    "transferred": True,
                }
            ]
        }
    )

    file_type: OldKind
    file_path: Annotated[StrictStr, Field(min_length=1, max_length=500)]
    transferred: StrictBool
    video_duration: (
        Annotated[Number, Field(gt=0, le=1e6, description="Seconds; for a video alone.")] | None
    ) = None


class StatusWord(_Said):
    """What an agent says of how its event ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "interrupted"}]})

    status: OldStatus


class WireEvent(BaseModel):
    """An event in old agents' words. Its times are naive, in the zone of its camera."""

    id: int
    camera_id: str
    timestamp: str
    motion_score: float
    confidence_score: float | None
    status: OldStatus
    image_a_path: str | None
    image_b_path: str | None
    thumbnail_path: str | None
    video_h264_path: str | None
    video_mp4_path: str | None
    video_duration: float | None
    image_a_transferred: bool
    image_b_transferred: bool
    thumbnail_transferred: bool
    video_transferred: bool
    mp4_conversion_status: Literal["pending", "processing", "complete", "optimized", "failed"]
    mp4_converted_at: str | None
    ai_processed: bool
    ai_processed_at: str | None
    ai_person_detected: bool | None
    ai_confidence: float | None
    ai_objects: str | None
    ai_description: str | None
    ai_phrase: str | None
    ai_error: str | None
    created_at: str


class CameraStats(BaseModel):
    """What a camera has brought within the last hours. `bytes` are those on the share."""

    events: int
    files: int
    bytes: int
    period_hours: int
