#!/usr/bin/env python3
"""A clip of 30 s to a checked, playable MP4 with poster, beside a bare `ffmpeg -c copy`."""

import subprocess
import tempfile
from pathlib import Path

from agent.sources import codec
from benchmarks.common import pairs
from central.media.child import Child
from nfs import timing
from nfs.timing import AccessUnit
from tests.fakes.footage import CAR, footage


def raw_clip(folder: Path) -> tuple[Path, Path]:
    """Write 30 s of the footage as an agent records it; return clip and timing."""
    source = footage(CAR)
    if source is None:
        raise SystemExit("the footage is missing: set GATEHOUSE_FOOTAGE")
    clip, lines = folder / "clip.h264", folder / "clip.timing"
    with clip.open("wb") as data, lines.open("wb") as told:
        for step in codec.play(str(source), copy=True):
            if packet := step.packet:
                data.write(packet.data)
                unit = AccessUnit(packet.pts_us, packet.dts_us, len(packet.data), packet.keyframe)
                told.write(timing.line_of(unit))
    return clip, lines


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, lines = raw_clip(folder)
        child = Child("central.media.mux", 60)
        job = {
            "clip": str(clip),
            "timing": str(lines),
            "frames_per_s": 15,
            "peak_us": 6_000_000,
            "mp4": str(folder / "ours.mp4"),
            "poster": str(folder / "poster.jpg"),
        }
        bare = "ffmpeg -y -v error -framerate 12.5 -f h264 -i {} -c copy -movflags +faststart {}"
        command = bare.format(clip, folder / "peer.mp4").split()

        def ours() -> None:
            if "made" not in child.ask(job):
                raise RuntimeError("the conversion failed")

        timed = pairs(ours, lambda: subprocess.run(command, check=True), 20)
        child.close()
        size = clip.stat().st_size / 1e6
        print(timed.line(f"30 s, {size:.1f} MB", "mux, check, fsync, poster", "ffmpeg -c copy"))


if __name__ == "__main__":
    main()
