"""The spool: events on the camera's own disk until share and hub have them for certain.

A folder per event, `<number>_<uid>`: `open.json` first, then clip and timing as they grow, stills,
and `manifest.json` last, which closes it. A folder without a manifest was interrupted; `salvage`
closes it from what is there. Numbers rise, so the order of events is the order of folders.
"""

import logging
import os
import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from agent.motion.verdict import Verdict
from agent.sealing import Opening, drop_video, read_manifest, seal, trigger_of
from agent.sources.base import Packet
from nfs import durable, timing
from nfs.layout import AGENT_NAMES, FileKind
from nfs.manifest import Manifest
from nfs.timing import AccessUnit

log = logging.getLogger(__name__)

OPEN_NAME = "open.json"
DONE_SUFFIX = ".done"
SYNC_EVERY_S = 1.0
"""A power cut costs at most this much of the running clip."""


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
        return seal(self.folder, told, salvaged=False)


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
        return seal(folder, opening.model_copy(update=kept), salvaged=True)

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


def _salvage(folder: Path) -> bool:
    """Close one interrupted event from what is there. False when nothing had begun yet."""
    try:
        opening = Opening.model_validate_json((folder / OPEN_NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        shutil.rmtree(folder)  # the cut came before the event was one
        return False
    manifest = seal(folder, opening, salvaged=True)
    kept = f"{manifest.clip.packets} pictures" if manifest.clip else "no video"
    log.warning("event %s was interrupted and is saved, with %s", opening.uid, kept)
    return True


def _number(path: Path) -> int:
    head = path.name.partition("_")[0]
    return int(head) if head.isdigit() else 0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
