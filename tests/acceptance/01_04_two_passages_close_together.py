#!/usr/bin/env python3
"""Two passages 2 s apart are two events or two linked segments; no frame of motion is missing."""

import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.sources.scene import HEIGHT, WIDTH, Scene
from nfs import timing
from tests.acceptance.common import check, run
from tests.fakes.house import House, house, wait_for

RATE = 10
LENGTH_S = 32
FIRST = (8.0, 12.5)
SECOND = (14.5, 19.0)


def film(path: Path) -> Scene:
    """Draw a scene with two walkers, the second 2 s after the first has left."""
    scene = Scene(3)
    one = scene.passages[0]
    scene.passages = tuple(replace(one, start_s=start, end_s=end) for start, end in (FIRST, SECOND))
    command = (
        f"ffmpeg -v error -f rawvideo -pix_fmt rgb24 -s {WIDTH}x{HEIGHT} -r {RATE} -i - "
        f"-c:v libx264 -preset ultrafast -g {RATE} -pix_fmt yuv420p {path}"
    )
    with subprocess.Popen(command.split(), stdin=subprocess.PIPE) as ffmpeg:
        if ffmpeg.stdin is None:
            raise RuntimeError("ffmpeg has no input")
        for number in range(LENGTH_S * RATE):
            ffmpeg.stdin.write(scene.picture(number / RATE).tobytes())
    return scene


def shown(home: House, event: dict[str, Any]) -> list[float]:
    """Return the times, in seconds of the film, of the pictures in an event's clip."""
    begun = datetime.fromisoformat(event["clip_started_at"])
    moved = datetime.fromisoformat(event["started_at"])
    first = event["origin"]["position_s"] - (moved - begun).total_seconds()
    units = timing.read(home.path_of(event, "timing").read_bytes())
    return [first + (unit.pts_us - units[0].pts_us) / 1e6 for unit in units]


def main() -> None:
    """Film it, watch it, and look for every frame of motion in the clips."""
    with tempfile.TemporaryDirectory() as folder, house() as home:
        path = Path(folder) / "film.mp4"
        scene = film(path)
        home.start_hub()
        home.start_jobs()
        home.camera("path", f"file:{path}")
        home.start_agent("path")
        time.sleep(27)
        home.stop("path")
        http = home.session()
        wait_for(
            lambda: len(home.events(http)) >= 2, 10, lambda: "no two events\n" + home.log("path")
        )
        events = sorted(home.events(http), key=lambda event: event["started_at"])
        check(len(events) == 2, f"{len(events)} events instead of two")
        first, second = events
        starts = [event["origin"]["position_s"] for event in events]
        for start, (due, _) in zip(starts, (FIRST, SECOND), strict=True):
            check(abs(start - due) <= 1, f"an event at {start:.2f} s, motion begins at {due} s")
        check(second["previous_uid"] == first["uid"], "the second is not linked to the first")
        check(second["segment"] == 2, "the second is no second segment")
        there = sorted(at for event in events for at in shown(home, event))
        moving = [n / RATE for n in range(LENGTH_S * RATE) if scene.truth(n / RATE)]
        missing = [at for at in moving if not any(abs(at - seen) < 0.02 for seen in there)]
        check(not missing, f"{len(missing)} frames of motion are in no clip: {missing[:5]}")
        print(
            f"motion at {FIRST} and {SECOND} s: two linked segments from {starts[0]:.2f} and "
            f"{starts[1]:.2f} s; all {len(moving)} frames of motion are in a clip"
        )


if __name__ == "__main__":
    run(main)
