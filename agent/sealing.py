"""From what lies in an event's folder of the spool to its manifest, however it got there.

The same way for an event that ended well and for one that a power cut interrupted: clip and timing
are cut to what is whole in both, every file is described, and the manifest is written last.
"""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from agent.motion.verdict import Verdict
from nfs import durable, timing
from nfs.layout import AGENT_NAMES, FileKind, path_for
from nfs.manifest import Box, Clip, ClockReading, FileEntry, Manifest, Origin, Segment, Trigger
from nfs.timing import AccessUnit

CARRIED = (FileKind.CLIP, FileKind.TIMING, FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL)
"""What a manifest may name: everything but itself."""


class Opening(BaseModel):
    """What is known when an event begins: enough to make a manifest of whatever is left of it."""

    uid: UUID
    camera_id: str
    timestamp: datetime
    clip_started_at: datetime
    segment: Segment
    clock: ClockReading
    origin: Origin
    width: int
    height: int
    motion_score: float
    confidence_score: float
    trigger: Trigger


def trigger_of(verdict: Verdict, peak_at: datetime) -> Trigger:
    """Return a verdict in the manifest's words."""
    return Trigger(
        reason=verdict.reason[:500],
        peak_at=peak_at,
        boxes=[
            Box(x=_unit(box.x), y=_unit(box.y), w=_unit(box.w), h=_unit(box.h))
            for box in verdict.boxes[:64]
        ],
        zones=[zone[:100] for zone in verdict.zones[:64]],
    )


def moment(us_since_1970: int) -> datetime:
    """Return a UTC time from microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us_since_1970)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a complete event."""
    return Manifest.model_validate_json((folder / AGENT_NAMES[FileKind.MANIFEST]).read_bytes())


def is_intact(folder: Path, manifest: Manifest) -> bool:
    """Tell whether every file of a complete event is there, in its size and with its content."""
    for entry in manifest.files:
        try:
            with (folder / AGENT_NAMES[entry.kind]).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return False
        if digest != entry.sha256:
            return False
    return True


def drop_video(folder: Path, manifest: Manifest) -> None:
    """Give up an event's video: the manifest first, so that it never names a file that is gone."""
    without = [e for e in manifest.files if e.kind not in (FileKind.CLIP, FileKind.TIMING)]
    told = manifest.model_copy(update={"clip": None, "files": without})
    durable.write(folder / AGENT_NAMES[FileKind.MANIFEST], told.model_dump_json().encode())
    for kind in (FileKind.CLIP, FileKind.TIMING):
        (folder / AGENT_NAMES[kind]).unlink(missing_ok=True)


def seal(folder: Path, told: Opening, *, salvaged: bool) -> Manifest:
    """Cut clip and timing to what is whole, describe all files, write the manifest."""
    units = _trim(folder)
    length_us = timing.duration_us(units)
    manifest = Manifest(
        uid=told.uid,
        camera_id=told.camera_id,
        timestamp=told.timestamp,
        clip_started_at=told.clip_started_at,
        ended_at=max(told.timestamp, told.clip_started_at + timedelta(microseconds=length_us)),
        motion_score=told.motion_score,
        confidence_score=told.confidence_score,
        trigger=told.trigger,
        segment=told.segment,
        clock=told.clock,
        origin=told.origin,
        clip=Clip(width=told.width, height=told.height, packets=len(units), duration_us=length_us)
        if units
        else None,
        files=[
            _entry(folder / AGENT_NAMES[kind], told, kind)
            for kind in CARRIED
            if (folder / AGENT_NAMES[kind]).exists()
        ],
        salvaged=salvaged,
    )
    durable.write(folder / AGENT_NAMES[FileKind.MANIFEST], manifest.model_dump_json().encode())
    return manifest


def _unit(value: float) -> float:
    """Keep a fraction within 0–1: a rounding error must not cost the event."""
    return min(max(value, 0.0), 1.0)


def _trim(folder: Path) -> list[AccessUnit]:
    """Make clip and timing agree, up to the last picture that is whole in both."""
    clip, lines = (folder / AGENT_NAMES[kind] for kind in (FileKind.CLIP, FileKind.TIMING))
    for leftover in folder.glob("*.part"):
        leftover.unlink()
    if not clip.exists() or not lines.exists():
        clip.unlink(missing_ok=True)
        lines.unlink(missing_ok=True)
        return []
    told = lines.read_bytes()
    units = timing.within(timing.read(told), clip.stat().st_size)
    if not units or not units[0].keyframe:
        clip.unlink()
        lines.unlink()
        return []
    described = b"".join(timing.line_of(unit) for unit in units)
    if described != told:
        durable.write(lines, described)
    whole = sum(unit.size_bytes for unit in units)
    if clip.stat().st_size != whole:
        with clip.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    return units


def _entry(path: Path, told: Opening, kind: FileKind) -> FileEntry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    return FileEntry(
        kind=kind,
        path=str(path_for(told.camera_id, told.timestamp, told.uid, kind)),
        bytes=size,
        sha256=digest,
    )
