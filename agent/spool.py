"""The spool: events on the camera's own disk until share and hub have them for certain.

A folder per event, `<number>_<uid>`: `open.json` first, then clip and timing as they grow, stills,
and `manifest.json` last, which closes it. A folder without a manifest was interrupted; `salvage`
closes it from what is there. Numbers rise, so the order of events is the order of folders.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from agent.log_buffer import about
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
REFUSED_FOLDER = "refused"
REASON_NAME = "refused.txt"
VIDEO = (FileKind.CLIP, FileKind.TIMING)
SYNC_EVERY_S = 1.0
"""A power cut costs at most this much of the running clip."""


class SpoolBusy(Exception):
    """Another agent works on this spool."""


class SpoolDamaged(Exception):
    """An event's folder can no longer be understood."""


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
    _broken: bool = False

    def write(self, packet: Packet) -> None:
        """Append one packet and its line of timing. Raises OSError, once: then the clip ends."""
        if self._broken:
            return
        if self._first_dts_us is None:
            self._first_dts_us = packet.dts_us
        unit = AccessUnit(
            packet.pts_us - self._first_dts_us,
            packet.dts_us - self._first_dts_us,
            len(packet.data),
            packet.keyframe,
        )
        try:
            self._clip.write(packet.data)
            self._timing.write(timing.line_of(unit))
            if time.monotonic() - self._synced_at >= SYNC_EVERY_S:
                self.sync()
        except OSError:
            self._break_off()
            raise

    def sync(self) -> None:
        """Make everything written so far survive a power cut: the clip first, then its times."""
        for file in (self._clip, self._timing):
            file.flush()
            os.fdatasync(file.fileno())
        self._synced_at = time.monotonic()

    def put(self, kind: FileKind, data: bytes) -> None:
        """Store a still or thumbnail, in place of an earlier one. Raises OSError."""
        durable.write(self.folder / AGENT_NAMES[kind], data)

    def end_clip(self) -> None:
        """Close clip and timing; nothing more will be written to them. Raises OSError, once."""
        if self._clip.closed:
            return
        try:
            self.sync()
        finally:
            self._close_files()

    def close(self, peak: Verdict | None, peak_at: datetime) -> Manifest:
        """Write the manifest, which makes the event complete, and return it. Raises OSError.

        Without a `peak`, what was known at the opening stands.
        """
        self.end_clip()
        told = self.opening
        if peak is not None:
            told = told.model_copy(
                update={
                    "motion_score": peak.score,
                    "confidence_score": peak.confidence,
                    "trigger": trigger_of(peak, peak_at),
                }
            )
        return seal(self.folder, told, salvaged=self._broken)

    def _break_off(self) -> None:
        self._broken = True
        self._close_files()

    def _close_files(self) -> None:
        for file in (self._clip, self._timing):
            with contextlib.suppress(OSError):  # a full disk is told of again, upon each try
                file.close()


class Spool:
    """All events of this camera that hub and share do not have yet."""

    def __init__(self, folder: Path, camera_id: str, max_bytes: int) -> None:
        self.folder = folder
        self._camera_id = camera_id
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._next = 1 + max((_number(path) for path in folder.iterdir()), default=0)
        self._first_of_own = self._next
        self._guard = threading.Lock()
        self._held: Path | None = None
        self._lock: int | None = None
        self._told: set[Path] = set()

    def lock(self) -> None:
        """Keep other processes off this spool until this one ends. Raises SpoolBusy."""
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise SpoolBusy(f"another agent works on {self.folder}") from None
        self._lock = handle

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

    def salvage(self, *, only_older: bool = False) -> int:
        """Close every event that an earlier process left open; return how many.

        While recording is under way, `only_older` keeps away from what this process has opened.
        What cannot be closed now (a full disk) is left for the next call and holds nobody up.
        Raises OSError only when the spool cannot be listed.
        """
        saved = 0
        for folder in self._folders():
            if only_older and _number(folder) >= self._first_of_own:
                continue
            try:
                if folder.name.endswith(DONE_SUFFIX):
                    shutil.rmtree(folder)
                elif not _is_complete(folder):
                    saved += self._salvage(folder)
            except OSError as error:
                if folder not in self._told:
                    log.error("%s cannot be saved yet: %s", folder, error)
                self._told.add(folder)
        return saved

    def complete(self) -> list[Path]:
        """Return the folders of complete events, oldest first."""
        return [
            folder
            for folder in self._folders()
            if not folder.name.endswith(DONE_SUFFIX) and _is_complete(folder)
        ]

    @contextlib.contextmanager
    def holding(self, folder: Path) -> Iterator[None]:
        """While an event is being published its video is not given up."""
        with self._guard:
            self._held = folder
        try:
            yield
        finally:
            with self._guard:
                self._held = None

    def manifest_of(self, folder: Path) -> Manifest:
        """Return a complete event's manifest, made anew when it has rotted.

        Raises SpoolDamaged when there is nothing to make it from, OSError when the disk fails.
        """
        try:
            return read_manifest(folder)
        except ValueError:
            return self.mend(folder)

    def mend(self, folder: Path) -> Manifest:
        """Describe anew an event whose files are no longer what its manifest says.

        Raises SpoolDamaged or OSError.
        """
        try:
            told = _read_opening(folder)
        except (FileNotFoundError, ValueError) as error:
            raise SpoolDamaged(f"{OPEN_NAME} cannot be understood: {error}") from error
        with contextlib.suppress(ValueError):
            known = read_manifest(folder)
            kept = ("motion_score", "confidence_score", "trigger")
            told = told.model_copy(update={name: getattr(known, name) for name in kept})
        log.error(
            "the spool's files of event %s have changed; keeping what is left",
            told.uid,
            extra=about(told.uid),
        )
        return seal(folder, told, salvaged=True)

    def forget(self, folder: Path) -> None:
        """Remove an event that share and hub have. A half-removed one is never published again."""
        done = folder.with_name(folder.name + DONE_SUFFIX)
        folder.rename(done)
        durable.sync_folder(self.folder)
        shutil.rmtree(done)

    def set_aside(self, folder: Path, reason: str) -> Path:
        """Keep what can never be published out of the way, with the reason; return where."""
        aside = self.folder / REFUSED_FOLDER
        aside.mkdir(exist_ok=True)
        durable.write(folder / REASON_NAME, reason.encode())
        folder.rename(aside / folder.name)
        durable.sync_folder(aside)
        durable.sync_folder(self.folder)
        return aside / folder.name

    def shrink(self) -> list[UUID]:
        """Drop videos while the spool is over its limit; return whose. Raises OSError.

        First those set aside, then the lowest score, then the oldest. The manifests stay, and say
        that there is no clip. The event next in the row keeps its video: the hub may have it, and
        an event whose manifest changes after that would be another one under the same uid.
        """
        with self._guard:
            folders = self._folders()
            aside = sorted(path for path in self._aside() if path.is_dir())
            sizes = {folder: _size(folder) for folder in (*folders, *aside)}
            total = sum(sizes.values())
            dropped = []
            for folder, manifest in [*_by_worth(aside), *_by_worth(self.complete()[1:])]:
                if total <= self._max_bytes:
                    break
                if folder == self._held or not _has_video(folder):
                    continue
                if manifest.clip is not None:
                    drop_video(folder, manifest)
                for kind in VIDEO:  # also what a cut left of one given up before
                    (folder / AGENT_NAMES[kind]).unlink(missing_ok=True)
                dropped.append(manifest.uid)
                total -= sizes[folder] - _size(folder)
            return dropped

    def _salvage(self, folder: Path) -> bool:
        """Close one interrupted event from what is there. False when none had begun yet."""
        try:
            opening = _read_opening(folder)
        except FileNotFoundError:
            shutil.rmtree(folder)  # the cut came before the event was one
            return False
        except ValueError as error:
            kept = self.set_aside(folder, f"{OPEN_NAME} cannot be understood: {error}")
            log.error("an interrupted event cannot be understood, kept in %s", kept)
            return False
        manifest = seal(folder, opening, salvaged=True)
        kept_pictures = f"{manifest.clip.packets} pictures" if manifest.clip else "no video"
        log.warning(
            "event %s was interrupted and is saved, with %s",
            opening.uid,
            kept_pictures,
            extra=about(opening.uid),
        )
        return True

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_dir() and _number(path))

    def _aside(self) -> list[Path]:
        aside = self.folder / REFUSED_FOLDER
        return list(aside.iterdir()) if aside.is_dir() else []


def _by_worth(folders: list[Path]) -> list[tuple[Path, Manifest]]:
    """Return the events whose manifest can be read, the least worth keeping first."""
    found = []
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            found.append((folder, read_manifest(folder)))
    return sorted(found, key=lambda entry: (entry[1].motion_score, entry[0]))


def _read_opening(folder: Path) -> Opening:
    return Opening.model_validate_json((folder / OPEN_NAME).read_bytes())


def _has_video(folder: Path) -> bool:
    return any((folder / AGENT_NAMES[kind]).exists() for kind in VIDEO)


def _is_complete(folder: Path) -> bool:
    return (folder / AGENT_NAMES[FileKind.MANIFEST]).exists()


def _number(path: Path) -> int:
    head = path.name.partition("_")[0]
    return int(head) if head.isdigit() else 0


def _size(folder: Path) -> int:
    """Return the bytes in a folder; a file that goes meanwhile counts nothing."""
    total = 0
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total
