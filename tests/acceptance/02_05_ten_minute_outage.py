#!/usr/bin/env python3
"""Five agents record while the hub is away in every way there is; afterwards all drain in order.

Ten minutes in the long form, a tenth of that in the short one, in six equal parts: connections
refused, 500, 503 with Retry-After, replies lost after the work was done, 429, and no answer at all.
What the agents say they recorded is held against what the hub has: each event once, in the order of
its camera, with its own times and whole files; and recording never paused.
"""

import hashlib
import json
import os
import re
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.acceptance.common import check, run
from tests.fakes.house import House, house, wait_for
from tests.fakes.proxy import Mode, Proxy, proxy

LONG = bool(os.environ.get("GATEHOUSE_TEST_LONG"))
OUTAGE_S = 600.0 if LONG else 60.0
DRAIN_S = 180.0
CAMERAS = [f"cam_{number}" for number in range(1, 6)]
WAYS = (Mode.REFUSE, Mode.ERROR, Mode.BUSY, Mode.LOSE, Mode.TOO_MANY, Mode.HANG)
CLOSED = re.compile(r"event ([0-9a-f-]{36}): clip closed")


def spooled(home: House) -> int:
    """Count the events that wait in the agents' spools, closed or open."""
    folders = (home.home / "agents" / name / "spool" for name in CAMERAS)
    return sum(1 for folder in folders for path in folder.glob("*_*-*") if path.is_dir())


def suffer(way: Proxy, home: House) -> list[int]:
    """Be away in each way in turn; return how many events waited after each."""
    waiting = []
    for mode in WAYS:
        way.set(mode)
        time.sleep(OUTAGE_S / len(WAYS))
        waiting.append(spooled(home))
    way.set(Mode.PASS)
    return waiting


def recorded(home: House) -> dict[str, list[str]]:
    """Return the uids that each agent says it recorded, in order."""
    return {name: CLOSED.findall((home.home / f"{name}.log").read_text()) for name in CAMERAS}


def check_files(home: House, event: dict[str, Any]) -> int:
    """Hold an event and its files against the manifest on the share; return the files' number."""
    (path,) = (home.share / event["camera_id"]).rglob(f"*_{event['uid']}_manifest.json")
    said = json.loads(path.read_text())
    for name, there in (("timestamp", "started_at"), ("clip_started_at", "clip_started_at")):
        times = [datetime.fromisoformat(text) for text in (said[name], event[there])]
        check(times[0] == times[1], f"{event['uid']}: {name} {times}")
    for entry in said["files"]:
        data = (home.share / entry["path"]).read_bytes()
        check(hashlib.sha256(data).hexdigest() == entry["sha256"], f"{entry['path']} is not whole")
    return len(said["files"])


def gaps(home: House, events: list[dict[str, Any]], from_at: float, to_at: float) -> float:
    """Return the longest time of the outage in which no camera began an event, in seconds."""
    begun = [datetime.fromisoformat(event["started_at"]).timestamp() for event in events]
    marks = sorted([from_at, *(at for at in begun if from_at < at < to_at), to_at])
    return max(b - a for a, b in zip(marks, marks[1:], strict=False))


def main() -> None:
    """Start everything, take the hub away, give it back, compare."""
    with house() as home:
        home.start_hub()
        home.start_jobs()
        with proxy(home.port) as way:
            for number, name in enumerate(CAMERAS, start=1):
                config = home.camera(name, f"synthetic:{number}")
                told = config.read_text().replace(f":{home.port}", f":{way.port}")
                config.write_text(told)
                home.start_agent(name)
            http = home.session()
            wait_for(lambda: len(home.events(http)) >= 5, 90, "no events before the outage")
            from_at = time.time()
            waiting = suffer(way, home)
            to_at = time.time()
            begun = time.monotonic()
            wait_for(
                lambda: spooled(home) <= len(CAMERAS), DRAIN_S, lambda: f"{spooled(home)} wait"
            )
            drained_s = time.monotonic() - begun
            for name in CAMERAS:
                home.stop(name)
            for name in CAMERAS:
                config = home.home / "agents" / name / "agent.toml"
                home.start(name, "agent", "publish", "--config", str(config)).wait(60)
        compare(home, http, from_at, to_at)
        check(max(waiting) > len(CAMERAS), f"nothing waited during the outage: {waiting}")
        met = {str(mode): way.count[mode] for mode in WAYS}
        check(all(met.values()), f"not every way was met: {met}")
        print(f"waiting after {OUTAGE_S / len(WAYS):.0f} s each of {met}: {waiting}")
        print(f"{way.lost} replies lost; drained {drained_s:.0f} s after the hub was back")


def compare(home: House, http: Any, from_at: float, to_at: float) -> None:
    """Hold what the hub has against what the agents say they recorded."""
    events = sorted(home.events(http), key=lambda event: int(event["id"]))
    by_camera: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        by_camera[event["camera_id"]].append(event)
    for name, uids in recorded(home).items():
        mine = by_camera[name]
        there = [event["uid"] for event in mine]
        lost, doubled = set(uids) - set(there), len(there) - len(set(there))
        check(not lost and not doubled, f"{name}: lost {sorted(lost)}, {doubled} doubled")
        times = [event["started_at"] for event in mine]
        check(times == sorted(times), f"{name}: registered out of order: {times}")
        files = sum(check_files(home, event) for event in mine)
        during = sum(from_at < datetime.fromisoformat(at).timestamp() < to_at for at in times)
        check(during > 0, f"{name} recorded nothing during the outage")
        print(f"{name}: {len(mine)} events, {during} during the outage, {files} files whole")
    left = [path for path in Path(home.home / "agents").rglob("manifest.json")]
    check(not left, f"still in spools: {left}")
    longest = gaps(home, events, from_at, to_at)
    check(longest < 30, f"for {longest:.0f} s of the outage no camera began an event")


if __name__ == "__main__":
    run(main)
