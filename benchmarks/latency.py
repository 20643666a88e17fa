#!/usr/bin/env python3
"""From motion to the card, and from the end of the clip to a playable video, over a whole house.

The moments come from the event (motion's start, last picture) and from what an open gallery hears
and fetches. Without early announcement, an event is registered when its clip is closed: so motion →
card includes the length of the motion. The peer is the same path without Gatehouse's work: two
copies with fsync, and `ffmpeg -c copy`, of the same clip.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

import requests

from benchmarks.common import percentile
from tests.fakes.footage import CAR, footage
from tests.fakes.house import House, house

WATCH_S = 130


def listen(home: House, http: requests.Session, heard: dict[int, dict[str, float]]) -> None:
    """Do what an open gallery does: hear a hint, fetch the card, note when what was there."""
    address = f"{home.url}/api/v1/stream"
    with (
        contextlib.suppress(requests.RequestException),  # the hub ends while we listen
        http.get(address, stream=True, timeout=WATCH_S + 30) as stream,
    ):
        for line in stream.iter_lines():
            if not line.startswith(b'data: {"kind"'):
                continue
            key = json.loads(line[6:])["id"]
            card = home_card(home, http, key)
            seen = heard.setdefault(key, {})
            seen.setdefault("card", time.time())
            if "preparing" not in card:
                seen.setdefault("playable", time.time())


def home_card(home: House, http: requests.Session, key: int) -> str:
    """Return the text of a card."""
    return http.get(f"{home.url}/events/{key}/card", timeout=10).text


def bare(home: House, event: dict[str, object]) -> float:
    """Return how long the same clip takes without us: copy, fsync, `ffmpeg -c copy`; in s."""
    clip = home.path_of(event, "clip")
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        copy = Path(folder) / "clip.h264"
        shutil.copyfile(clip, copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        command = f"ffmpeg -v error -f h264 -i {copy} -c copy -movflags +faststart {folder}/o.mp4"
        subprocess.run(command.split(), check=True)
        return time.perf_counter() - begun


def main() -> None:
    """Watch one camera for a while and print what an owner would have waited."""
    car = footage(CAR)
    if car is None:
        raise SystemExit("the footage is missing: set GATEHOUSE_FOOTAGE")
    with house() as home:
        home.start_hub()
        home.start_jobs()
        home.camera("car", f"file:{car}")
        heard: dict[int, dict[str, float]] = {}
        http, ears = home.session(), home.session()
        threading.Thread(target=listen, args=(home, ears, heard), daemon=True).start()
        home.start_agent("car")
        time.sleep(WATCH_S)
        events = home.events(http)
        to_card, to_playable, peers = [], [], []
        for event in events:
            seen = heard.get(event["id"], {})
            if "playable" not in seen:
                continue
            closed = moment(event["clip_started_at"]) + event["duration_s"]
            to_card.append(seen["card"] - moment(event["started_at"]))
            to_playable.append(seen["playable"] - closed)
            peers.append(bare(home, event))
        for name, values in (
            ("motion begins → card (the motion, its post-roll, and our part)", to_card),
            ("last picture of the clip → playable in an open gallery", to_playable),
            ("peer: copy, fsync, ffmpeg -c copy", peers),
        ):
            print(
                f"{name}: median {percentile(values, 0.5):.2f} s, "
                f"p95 {percentile(values, 0.95):.2f} s (n={len(values)})"
            )


def moment(text: str) -> float:
    """Return seconds since 1970 of a time in the API's words."""
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    main()
