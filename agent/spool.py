"""The spool: events on the camera's own disk until share and hub have them for certain.

A folder per event, `<number>_<uid>`: `open.json` first, then clip and timing as they grow, stills,
and `manifest.json` last, which closes it. A folder without a manifest was interrupted; `salvage`
closes it from what is there. Numbers rise, so the order of events is the order of folders.
"""

import hashlib
import logging
import os
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from pydantic import BaseModel

from agent.motion.verdict import Verdict
from agent.sources.base import Packet
from nfs import durable, timing
from nfs.layout import AGENT_NAMES, FileKind, path_for
from nfs.manifest import Box, Clip, ClockReading, FileEntry, Manifest, Origin, Segment, Trigger
from nfs.timing import AccessUnit

log = logging.getLogger(__name__)

OPEN_NAME = "open.json"
DONE_SUFFIX = ".done"
SYNC_EVERY_S = 1.0
"""A power cut costs at most this much of the running clip."""

CARRIED = (FileKind.CLIP, FileKind.TIMING, FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL)


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
        boxes=[Box(x=box.x, y=box.y, w=box.w, h=box.h) for box in verdict.boxes[:64]],
        zones=[zone[:100] for zone in verdict.zones[:64]],
    )


def moment(us_since_1970: int) -> datetime:
    """Return a UTC time from microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us_since_1970)


@dataclass
class OpenEvent:
    """An event that is being recorded. One thread writes packets; stills may come from another."""

    folder: Path
    opening: Opening
    since_us: int
    _clip: BinaryIO
    _timing: BinaryIO
    _first_dts_us: int | None = None
    _synced_at: float = field(default_factory=time.monotonic)

    def write(self, packet: Packet) -> None:
        """Append one packet and its line of timing. Raises OSError."""
        if self._first_dts_us is None:
            self._first_dts_us = packet.dts_us
        unit = AccessUnit(
            packet.pts_us - self._first_dts_us,
            packet.dts_us - self._first_dts_us,
            len(packet.data),
            packet.keyframe,
        )
        self._clip.write(packet.data)
        self._timing.write(timing.line_of(unit))
        if time.monotonic() - self._synced_at >= SYNC_EVERY_S:
            self.sync()

    def sync(self) -> None:
        """Make everything written so far survive a power cut: the clip first, then its times."""
        for file in (self._clip, self._timing):
            file.flush()
            os.fdatasync(file.fileno())
        self._synced_at = time.monotonic()

    def put(self, kind: FileKind, data: bytes) -> None:
        """Store a still or thumbnail, in place of an earlier one."""
        durable.write(self.folder / AGENT_NAMES[kind], data)

    def end_clip(self) -> None:
        """Close clip and timing; nothing more will be written to them."""
        if not self._clip.closed:
            self.sync()
            self._clip.close()
            self._timing.close()

    def close(self, peak: Verdict, peak_at: datetime) -> Manifest:
        """Write the manifest, which makes the event complete, and return it."""
        self.end_clip()
        told = self.opening.model_copy(
            update={
                "motion_score": peak.score,
                "confidence_score": peak.confidence,
                "trigger": trigger_of(peak, peak_at),
            }
        )
        return _seal(self.folder, told, salvaged=False)


class Spool:
    """All events of this camera that hub and share do not have yet."""

    def __init__(self, folder: Path, camera_id: str, max_bytes: int) -> None:
        self.folder = folder
        self._camera_id = camera_id
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._next = 1 + max((_number(path) for path in folder.iterdir()), default=0)

    def open(self, opening: Opening, since_us: int) -> OpenEvent:
        """Begin an event whose motion began at `since_us` of the source. Raises OSError."""
        folder = self.folder / f"{self._next:08d}_{opening.uid}"
        self._next += 1
        folder.mkdir()
        durable.write(folder / OPEN_NAME, opening.model_dump_json().encode())
        durable.sync_folder(self.folder)
        clip = (folder / AGENT_NAMES[FileKind.CLIP]).open("xb", buffering=1 << 18)
        lines = (folder / AGENT_NAMES[FileKind.TIMING]).open("xb", buffering=1 << 16)
        durable.sync_folder(folder)
        return OpenEvent(folder, opening, since_us, clip, lines)

    def salvage(self) -> int:
        """Close every event that was interrupted; return how many. For starts only."""
        saved = 0
        for folder in self._folders():
            if folder.name.endswith(DONE_SUFFIX):
                shutil.rmtree(folder)
            elif not (folder / AGENT_NAMES[FileKind.MANIFEST]).exists():
                saved += _salvage(folder)
        return saved

    def complete(self) -> list[Path]:
        """Return the folders of complete events, oldest first."""
        return [
            folder
            for folder in self._folders()
            if not folder.name.endswith(DONE_SUFFIX)
            and (folder / AGENT_NAMES[FileKind.MANIFEST]).exists()
        ]

    def forget(self, folder: Path) -> None:
        """Remove an event that share and hub have. A half-removed one is never published again."""
        done = folder.with_name(folder.name + DONE_SUFFIX)
        folder.rename(done)
        durable.sync_folder(self.folder)
        shutil.rmtree(done)

    def mend(self, folder: Path) -> Manifest:
        """Describe anew an event whose files are no longer what its manifest says."""
        opening = Opening.model_validate_json((folder / OPEN_NAME).read_bytes())
        told = read_manifest(folder)
        kept = {
            name: getattr(told, name) for name in ("motion_score", "confidence_score", "trigger")
        }
        log.error("the spool's files of event %s have changed; sending what is left", told.uid)
        return _seal(folder, opening.model_copy(update=kept), salvaged=True)

    def shrink(self) -> list[UUID]:
        """Drop videos while the spool is over its limit, lowest score first, then oldest.

        The manifests stay, and say that there is no clip. Returns whose video was dropped.
        """
        complete = [(folder, read_manifest(folder)) for folder in self.complete()]
        sizes = {folder: _size(folder) for folder, _ in complete}
        total = sum(sizes.values())
        dropped = []
        by_worth = sorted(
            ((manifest.motion_score, folder, manifest) for folder, manifest in complete),
            key=lambda entry: entry[:2],
        )
        for _, folder, manifest in by_worth:
            if total <= self._max_bytes:
                break
            if manifest.clip is None:
                continue
            drop_video(folder, manifest)
            dropped.append(manifest.uid)
            total -= sizes[folder] - _size(folder)
        return dropped

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_dir() and _number(path))


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


def _salvage(folder: Path) -> bool:
    """Close one interrupted event from what is there. False when nothing had begun yet."""
    try:
        opening = Opening.model_validate_json((folder / OPEN_NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        shutil.rmtree(folder)  # the cut came before the event was one
        return False
    manifest = _seal(folder, opening, salvaged=True)
    kept = f"{manifest.clip.packets} pictures" if manifest.clip else "no video"
    log.warning("event %s was interrupted and is saved, with %s", opening.uid, kept)
    return True


def _seal(folder: Path, told: Opening, *, salvaged: bool) -> Manifest:
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


def _number(path: Path) -> int:
    head = path.name.partition("_")[0]
    return int(head) if head.isdigit() else 0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
