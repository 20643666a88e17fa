#!/usr/bin/env python3
"""`kill -9` of agents, jobs and hub at random under load: every event that an agent began is at
the hub once, every file is there and whole, every stage ends done.
"""

import hashlib
import json
import os
import random
import re
import time

from tests.acceptance.common import check, check_mp4, run
from tests.fakes.footage import CAR, PEOPLE, footage
from tests.fakes.house import House, house, wait_for

LOAD_S = 600 if os.environ.get("GATEHOUSE_TEST_LONG") else 60
BEGUN = re.compile(r"→ event ([0-9a-f-]{36})")


def torment(home: House, cameras: list[str], chance: random.Random) -> int:
    """Kill something every second or so, start it again, and return how often."""
    kills = 0
    ends_at = time.monotonic() + LOAD_S
    while time.monotonic() < ends_at:
        time.sleep(chance.uniform(0.2, 2.0))
        victim = chance.choice(["hub", "jobs", *cameras])
        home.kill(victim)
        kills += 1
        time.sleep(chance.uniform(0, 0.5))
        if victim == "hub":
            home.start("hub", "central", "serve")
        elif victim == "jobs":
            home.start_jobs()
        else:
            home.start_agent(victim)
    return kills


def main() -> None:
    """Load, kill, let it settle, count."""
    seed = int(time.time())
    car, room = footage(CAR), footage(PEOPLE)
    sources = [f"file:{path}" for path in (car, room) if path] + ["synthetic:5"]
    with house(lease_s="5") as home:
        home.start_hub()
        home.start_jobs()
        cameras = []
        for number, source in enumerate([*sources, sources[0]]):
            # Short clips, so that much is opened, closed and published while things die.
            home.camera(f"camera_{number}", source, recorder={"max_clip_s": 5.0, "pre_roll_s": 2.0})
            home.start_agent(f"camera_{number}")
            cameras.append(f"camera_{number}")
        time.sleep(6)
        kills = torment(home, cameras, random.Random(seed))
        time.sleep(8)
        for name in cameras:
            home.stop(name)
        for name in cameras:  # what was closed at the very end goes now
            home.start(f"{name}_publish", "agent", "publish", "--config", config(home, name))
        for name in cameras:
            home.processes.pop(f"{name}_publish").wait(60)
        begun = {
            uid
            for name in cameras
            for uid in BEGUN.findall((home.home / f"{name}.log").read_text())
        }
        http = home.session()
        wait_for(
            lambda: all(
                event["stages"]["convert"]["state"] in ("done", "skipped", "failed")
                for event in home.events(http)
            ),
            60,
            "not every stage ends",
        )
        judge(home, home.events(http), begun)
        print(f"{kills} kills in {LOAD_S} s (seed {seed})")


def config(home: House, name: str) -> str:
    """Return where an agent's file lies."""
    return str(home.home / "agents" / name / "agent.toml")


def judge(home: House, events: list[dict[str, object]], begun: set[str]) -> None:
    """Hold what stands at the hub against what the agents began and what lies on the share."""
    uids = [str(event["uid"]) for event in events]
    check(len(uids) == len(set(uids)), "an event stands twice")
    check(begun <= set(uids), f"lost: {begun - set(uids)}")
    salvaged = 0
    for event in events:
        salvaged += bool(event["salvaged"])
        (path,) = home.share.rglob(f"*_{event['uid']}_manifest.json")
        for entry in json.loads(path.read_bytes())["files"]:
            data = (home.share / entry["path"]).read_bytes()
            check(hashlib.sha256(data).hexdigest() == entry["sha256"], f"{entry['path']} is torn")
        if event["clip"]:
            state = event["stages"]["convert"]  # type: ignore[index]
            check(state["state"] == "done", f"{event['uid']}: {state}")
            check_mp4(home, event)
    manifests = len(list(home.share.rglob("*_manifest.json")))
    check(manifests == len(events), f"{manifests} manifests, {len(events)} events")
    spools = [p for p in (home.home / "agents").glob("*/spool/*")]
    check(not spools, f"left in the spools: {spools}")
    print(
        f"{len(begun)} events begun, {len(events)} at the hub, each once, {salvaged} of them saved "
        f"from a cut; every file whole, every stage done"
    )


if __name__ == "__main__":
    run(main)
