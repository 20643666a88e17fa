"""Our truth in old agents' words, in one place. Pure."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from central import local_time
from central.events.query import EventFacts, FileFacts, StageFacts
from central.stages.lifecycle import ENDED
from central.wire.messages import OldKind, OldStatus, WireEvent
from nfs.layout import FileKind

Conversion = Literal["pending", "processing", "complete", "optimized", "failed"]
_CONVERSION: dict[str, Conversion] = {
    "waiting": "pending",
    "claimed": "processing",
    "done": "complete",
    "failed": "failed",
    "skipped": "failed",  # there is no video; "pending" would be for ever
}


def event(facts: EventFacts, house: ZoneInfo) -> WireEvent:
    """Return the event as the wire contract has it. Its times are naive, in its camera's zone."""
    zone = ZoneInfo(facts.camera_timezone) if facts.camera_timezone else house
    paths = {old: _path(facts, old.kind) for old in OldKind}
    there = {old: old.kind in facts.files for old in OldKind}
    convert, describe = facts.stages.get("convert"), facts.stages.get("describe")
    return WireEvent(
        id=facts.id,
        camera_id=facts.camera_id,
        timestamp=local_time.local_naive(facts.started_at, zone),
        motion_score=facts.motion_score,
        confidence_score=facts.confidence_score,
        status=status(facts),
        image_a_path=paths[OldKind.IMAGE_A],
        image_b_path=paths[OldKind.IMAGE_B],
        thumbnail_path=paths[OldKind.THUMBNAIL],
        video_h264_path=paths[OldKind.VIDEO],
        video_mp4_path=_path(facts, FileKind.MP4),
        video_duration=facts.duration_s,
        image_a_transferred=there[OldKind.IMAGE_A],
        image_b_transferred=there[OldKind.IMAGE_B],
        thumbnail_transferred=there[OldKind.THUMBNAIL],
        video_transferred=there[OldKind.VIDEO],
        mp4_conversion_status=conversion(facts),
        mp4_converted_at=_done_at(convert, zone),
        ai_processed=describe is not None and describe.state == "done",
        ai_processed_at=_done_at(describe, zone),
        ai_person_detected=None,
        ai_confidence=None,
        ai_objects=None,
        ai_description=None,
        ai_phrase=None,
        ai_error=describe.last_error if describe is not None else None,
        created_at=local_time.local_naive(facts.created_at, zone),
    )


def status(facts: EventFacts) -> OldStatus:
    """Return how an event stands: the agent's own word first, then what became of its video."""
    if facts.said_status not in (None, OldStatus.PROCESSING):
        return OldStatus(facts.said_status)
    if facts.salvaged:
        return OldStatus.INTERRUPTED
    convert = facts.stages.get("convert")
    if convert is None or convert.state not in ENDED:
        return OldStatus.PROCESSING
    return OldStatus.FAILED if convert.state == "failed" else OldStatus.COMPLETE


def conversion(facts: EventFacts) -> Conversion:
    """Return how an event's MP4 stands. A failed optimisation leaves a playable clip complete."""
    convert, optimize = facts.stages.get("convert"), facts.stages.get("optimize")
    if convert is None:
        return "pending"
    if convert.state == "done" and optimize is not None and optimize.state == "done":
        return "optimized"
    return _CONVERSION[convert.state]


def _path(facts: EventFacts, kind: FileKind) -> str | None:
    found: FileFacts | None = facts.files.get(kind) or facts.on_their_way.get(kind)
    return found.path if found else None


def _done_at(stage: StageFacts | None, zone: ZoneInfo) -> str | None:
    at: datetime | None = stage.updated_at if stage and stage.state == "done" else None
    return local_time.local_naive(at, zone) if at else None
