"""Manifests and clips for tests: real H.264 from ffmpeg, laid on the share as an agent would."""

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

from agent.contract import CameraRegistration
from nfs import timing
from nfs.layout import FileKind, path_for
from nfs.manifest import Clip, ClockReading, FileEntry, Manifest, Origin, Segment, Trigger
from nfs.timing import AccessUnit

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def camera(camera_id: str = "front", name: str = "Front door") -> CameraRegistration:
    """What an agent says of itself."""
    return CameraRegistration(
        camera_id=camera_id, name=name, location="Street", ip_address="127.0.0.1"
    )


def manifest(
    camera_id: str = "front",
    at: datetime = NOON,
    uid: UUID | None = None,
    *,
    files: list[FileEntry] | None = None,
    clip: Clip | None = None,
    score: float = 3.5,
) -> Manifest:
    """A manifest as an agent writes it; without files unless they are given."""
    return Manifest(
        uid=uid or uuid4(),
        camera_id=camera_id,
        timestamp=at,
        clip_started_at=at - timedelta(seconds=5),
        ended_at=at + timedelta(seconds=5),
        motion_score=score,
        confidence_score=80,
        trigger=Trigger(reason="something moved", peak_at=at + timedelta(seconds=1)),
        segment=Segment(),
        clock=ClockReading(boot_id="test", monotonic_us=0),
        origin=Origin(kind="synthetic", synthetic=True),
        clip=clip,
        files=files or [],
    )


@cache
def encoded(
    frames: int = 50, rate: int = 10, b_frames: int = 0
) -> tuple[bytes, tuple[AccessUnit, ...]]:
    """Real H.264 of a moving test picture, with the times of its access units."""
    command = (
        f"ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate={rate} -frames:v {frames} "
        f"-c:v libx264 -preset ultrafast -bf {b_frames} -g {rate} -pix_fmt yuv420p -f h264 -"
    )
    data = subprocess.run(command.split(), check=True, capture_output=True, timeout=60).stdout
    probe = "ffprobe -v error -f h264 -show_entries packet=size,flags -of csv=p=0 -"
    lines = subprocess.run(
        probe.split(), check=True, capture_output=True, timeout=60, input=data
    ).stdout.decode()
    units = []
    for number, line in enumerate(lines.splitlines()):
        size, flags = line.split(",")[:2]
        at = number * 1_000_000 // rate
        units.append(AccessUnit(at, at, int(size), "K" in flags))
    return data, tuple(units)


def lay_on_share(
    root: Path,
    at: datetime = NOON,
    *,
    camera_id: str = "front",
    clip: bytes | None = None,
    timing_lines: bytes | None = None,
) -> Manifest:
    """Write a clip and its timing on the share and return the manifest that describes them."""
    data, units = encoded()
    uid = uuid4()
    contents = {
        FileKind.CLIP: data if clip is None else clip,
        FileKind.TIMING: b"".join(timing.line_of(unit) for unit in units)
        if timing_lines is None
        else timing_lines,
    }
    entries = []
    for kind, content in contents.items():
        relative = path_for(camera_id, at, uid, kind)
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_bytes(content)
        entries.append(
            FileEntry(
                kind=kind,
                path=str(relative),
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    described = Clip(
        width=320,
        height=240,
        packets=len(units),
        duration_us=timing.duration_us(list(units)),
    )
    return manifest(camera_id, at, uid, files=entries, clip=described)


def lay_small(
    root: Path, at: datetime, camera_id: str = "front", size_bytes: int = 10_000
) -> Manifest:
    """Lay an event on the share as an agent does, manifest last; its clip is no video."""
    content, uid = b"\0" * size_bytes, uuid4()
    entries = []
    for kind, data in ((FileKind.CLIP, content), (FileKind.THUMBNAIL, b"picture")):
        relative = path_for(camera_id, at, uid, kind)
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        entries.append(FileEntry(kind=kind, path=str(relative), bytes=len(data), sha256=digest))
    described = Clip(width=320, height=240, packets=1, duration_us=1_000_000)
    said = manifest(camera_id, at, uid, files=entries, clip=described)
    (root / path_for(camera_id, at, uid, FileKind.MANIFEST)).write_text(said.model_dump_json())
    return said
