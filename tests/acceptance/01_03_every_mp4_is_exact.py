#!/usr/bin/env python3
"""Every MP4: h264, `moov` first, a keyframe first, as many packets as the manifest says, each
within 1 ms of its recorded time; also for a source of 5 to 15 frames/s with drops and B-frames.
Chromium plays each and seeks in it.
"""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.acceptance.common import check, check_mp4, probe, run
from tests.browser.browser import Browser, browser
from tests.fakes.footage import CAR, PEOPLE, footage
from tests.fakes.house import House, house, wait_for

WATCH_S = 50


def stuttering(folder: Path, original: Path) -> Path:
    """Make a copy that stutters between 5 and 15 frames/s, drops frames, and has B-frames."""
    made = folder / "stuttering.mp4"
    pace = "setpts='if(eq(N,0),0,PREV_OUTPTS+(0.0667+0.1333*abs(sin(N/23)))/TB)'"
    drops = "select='not(between(mod(n,50),20,26))'"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", str(original), "-vf", f"{pace},{drops}"),
            *"-an -fps_mode passthrough -c:v libx264 -preset veryfast -bf 2 -g 12".split(),
            *"-enc_time_base 1:90000 -video_track_timescale 90000".split(),
            str(made),
        ],
        check=True,
        timeout=300,
    )
    packets = probe(made)["packets"]
    times = sorted(float(packet["pts_time"]) for packet in packets)
    gaps = [late - early for early, late in zip(times, times[1:], strict=False)]
    shown = [packet["pts"] for packet in packets]
    reordered = sum(late < early for early, late in zip(shown, shown[1:], strict=False))
    check(reordered > 20, "the source has no B-frames")
    check(max(gaps) > 0.8, "the source drops nothing")
    print(
        f"source: {min(gaps) * 1000:.0f} to {max(gaps) * 1000:.0f} ms between pictures, "
        f"{reordered} of {len(packets)} packets reordered"
    )
    return made


def plays(window: Browser, home: House, event: dict[str, Any]) -> None:
    """Play an event's video in Chromium, then seek to its last third and play on."""
    window.driver.get(f"{home.url}/events/{event['id']}")
    window.wait(
        lambda: window.run("return document.querySelector('video')?.readyState >= 1"),
        f"event {event['id']} does not load: {window.errors()}",
    )
    window.run("const v = document.querySelector('video'); v.muted = true; v.play()")
    window.wait(
        lambda: window.run("return document.querySelector('video').currentTime > 0.3"),
        f"event {event['id']} does not play",
    )
    length = window.run("return document.querySelector('video').duration")
    check(
        abs(length - event["duration_s"]) < 0.35,
        f"Chromium says {length} s, the manifest {event['duration_s']} s",
    )
    window.run("document.querySelector('video').currentTime = arguments[0]", length * 2 / 3)
    window.wait(
        lambda: window.run(
            "const v = document.querySelector('video');"
            "return !v.seeking && v.readyState >= 2 && v.currentTime > arguments[0]",
            length * 2 / 3 + 0.2,
        ),
        f"event {event['id']} does not seek",
    )
    broken = window.run("return document.querySelector('video').error?.message ?? null")
    check(broken is None, f"Chromium: {broken}")


def main() -> None:
    """Record three sources, then hold every MP4 to its promise."""
    car, room = footage(CAR), footage(PEOPLE)
    check(car and room, "the footage is missing: set GATEHOUSE_FOOTAGE")
    if car is None or room is None:
        return
    with tempfile.TemporaryDirectory() as folder, house() as home:
        sources = {"car": car, "room": room, "stutter": stuttering(Path(folder), car)}
        home.start_hub()
        home.start_jobs()
        for name, path in sources.items():
            home.camera(name, f"file:{path}")
            home.start_agent(name)
        time.sleep(WATCH_S)
        for name in sources:
            home.stop(name)
        http = home.session()
        wait_for(
            lambda: all(e["stages"]["convert"]["state"] == "done" for e in home.events(http)),
            30,
            lambda: "not every event was converted\n" + home.log("jobs"),
        )
        events = home.events(http)
        for name in sources:
            mine = [event for event in events if event["camera_id"] == name]
            check(len(mine) >= 2, f"{name} made only {len(mine)} events\n{home.log(name)}")
            worst = max(check_mp4(home, event) for event in mine)
            print(f"{name}: {len(mine)} MP4s exact, worst time {worst:.4f} ms off")
        with browser() as window:
            window.log_in(home)
            for event in events:
                plays(window, home, event)
        print(f"Chromium played and sought in all {len(events)}")


if __name__ == "__main__":
    run(main)
