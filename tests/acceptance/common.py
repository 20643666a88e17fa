"""What the acceptance executables share: how they run, and how they say what they saw."""

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nfs import timing
from tests.fakes.house import House


def run(main: Callable[[], None]) -> None:
    """Run an executable: exit 0 when nothing was raised, 1 with the reason otherwise."""
    begun = time.monotonic()
    try:
        main()
    except Exception:
        traceback.print_exc()
        print("FAILED")
        sys.exit(1)
    print(f"seen in {time.monotonic() - begun:.0f} s")


def check(true: object, complaint: str) -> None:
    """Raise with the complaint unless true. Works under `python -O`, unlike assert."""
    if not true:
        raise AssertionError(complaint)


def probe(path: Path) -> dict[str, Any]:
    """Return what ffprobe says of a video: streams and packets."""
    done = subprocess.run(
        [*["ffprobe", "-v", "error", "-show_streams", "-show_packets", "-of", "json"], str(path)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_mp4(home: House, event: dict[str, Any]) -> float:
    """Hold an event's MP4 against its manifest and timing; return the largest error in ms."""
    path = home.path_of(event, "mp4")
    found = probe(path)
    (stream,) = found["streams"]
    packets = found["packets"]
    units = timing.read(home.path_of(event, "timing").read_bytes())
    check(stream["codec_name"] == "h264", f"{path.name} is {stream['codec_name']}")
    check(boxes(path)[:2] == ["ftyp", "moov"], f"{path.name} begins with {boxes(path)}")
    check(packets[0]["flags"].startswith("K"), f"{path.name} does not begin with a keyframe")
    check(
        len(packets) == event["clip"]["packets"] == len(units),
        f"{path.name}: {len(packets)} packets, manifest {event['clip']['packets']}",
    )
    shown = sorted(float(packet["pts_time"]) for packet in packets)
    due = sorted(unit.pts_us / 1e6 for unit in units)
    worst = max(
        abs((there - shown[0]) - (recorded - due[0]))
        for there, recorded in zip(shown, due, strict=True)
    )
    check(worst < 0.001, f"{path.name} is {worst * 1000:.3f} ms off")
    return worst * 1000


def boxes(path: Path) -> list[str]:
    """Return the names of the outermost boxes of an MP4."""
    names, data, at = [], path.read_bytes(), 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        if size < 8:
            break
        at += size
    return names
