#!/usr/bin/env python3
"""Footage as cameras: each passage is one event, at its time; an empty room makes none.

`car-detection.mp4` as it is, mirrored, brightened by a fifth and at half speed, on every loop;
`one-by-one-person-detection.mp4` with somebody there and with nobody.
"""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.acceptance.common import check, run
from tests.fakes.footage import CAR, EMPTY_S, PASSAGES_S, PEOPLE, VISITS_S, footage
from tests.fakes.house import House, house, wait_for

CAR_S = 30.16
PEOPLE_S = 139.4
WATCH_S = PEOPLE_S + 14
VARIANTS = {
    "plain": None,
    "mirrored": "hflip",
    "brightened": "lutyuv=y=val*1.2",
    "half_speed": "setpts=2*PTS",
}


def variants(folder: Path, original: Path) -> dict[str, Path]:
    """Make the changed copies of the clip."""
    made = {}
    for name, change in VARIANTS.items():
        if change is None:
            made[name] = original
            continue
        made[name] = folder / f"{name}.mp4"
        rate = ["-r", "6.25"] if name == "half_speed" else []
        command = ["ffmpeg", "-v", "error", "-i", str(original), "-vf", change, *rate]
        encoding = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "13"]
        subprocess.run([*command, *encoding, str(made[name])], check=True, timeout=300)
    return made


def by_loop(events: list[dict[str, Any]], length_s: float) -> dict[int, list[float]]:
    """Return where in the footage the motion of each event began, by loop."""
    found: dict[int, list[float]] = {}
    for event in events:
        found.setdefault(event["loop"], []).append(event["at_s"])
    return {loop: sorted(times) for loop, times in sorted(found.items())}


def placed(home: House, camera: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each event of a camera the loop in which it began and the place in the footage."""
    mine = sorted((e for e in events if e["camera_id"] == camera), key=lambda e: e["started_at"])
    loop, last = 0, -1.0
    for event in mine:
        event["at_s"] = event["origin"]["position_s"]
        if event["at_s"] < last:
            loop += 1
        event["loop"], last = loop, event["at_s"]
    return mine


def cars(home: House, events: list[dict[str, Any]]) -> None:
    """Check the four cars."""
    for name in VARIANTS:
        slower = 2.0 if name == "half_speed" else 1.0
        loops = by_loop(placed(home, name, events), CAR_S * slower)
        whole = int((WATCH_S - 8) // (CAR_S * slower))
        check(len(loops) >= whole, f"{name}: only {len(loops)} loops")
        for loop in range(whole):
            due = [start * slower for start, _ in PASSAGES_S]
            check(
                len(loops[loop]) == len(due)
                and all(abs(a - b) <= 1 for a, b in zip(loops[loop], due, strict=True)),
                f"{name}, loop {loop}: events at {loops[loop]}, passages at {due}",
            )
        shown = "; ".join(", ".join(f"{at:.2f}" for at in loops[loop]) for loop in range(whole))
        print(f"{name}: {whole} loops of three events, at {shown} s")


def people(home: House, events: list[dict[str, Any]]) -> None:
    """Check the room."""
    mine = [event for event in placed(home, "people", events) if event["loop"] == 0]
    for event in mine:
        at, end = event["at_s"], event["at_s"] + _lasting(event)
        event["span"] = (at, end)
        for start, stop in EMPTY_S:
            check(not start < at < stop, f"an event at {at:.2f} s, in the empty {start}–{stop} s")
    for start, stop in VISITS_S:
        check(
            any(a < stop and b > start for a, b in (event["span"] for event in mine)),
            f"nobody was seen at {start}–{stop} s",
        )
    shown = ", ".join(f"{event['at_s']:.1f}" for event in mine)
    print(f"people: {len(VISITS_S)} visits seen by {len(mine)} events, at {shown} s; none between")


def _lasting(event: dict[str, Any]) -> float:
    from datetime import datetime

    begun = datetime.fromisoformat(event["started_at"])
    return (datetime.fromisoformat(event["ended_at"]) - begun).total_seconds()


def main() -> None:
    """Watch all five clips at once, in real time."""
    car, room = footage(CAR), footage(PEOPLE)
    check(car and room, "the footage is missing: set GATEHOUSE_FOOTAGE")
    if car is None or room is None:
        return
    with tempfile.TemporaryDirectory() as folder, house() as home:
        sources = {**variants(Path(folder), car), "people": room}
        home.start_hub()
        home.start_jobs()
        for name, path in sources.items():
            home.camera(name, f"file:{path}")
            home.start_agent(name)
        time.sleep(WATCH_S)
        for name in sources:
            home.stop(name)
        http = home.session()
        events = wait_for(lambda: home.events(http), 10, "there are no events")
        cars(home, events)
        people(home, events)


if __name__ == "__main__":
    run(main)
