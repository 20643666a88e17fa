#!/usr/bin/env python3
"""Three old agents while the hub is away in every way there is: no event lost, none doubled.

They try registration and events for ever and files three times, with a tenth of their pauses and
time-outs. Afterwards each event stands once, at the time its agent said, and every picture and
video belongs to the event in whose name it was made: those nobody was told of were adopted.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from central.clock import utc_now
from central.context import Hub
from central.events import adopt
from central.settings import Settings
from database.engine import Database
from tests.acceptance.common import check, run
from tests.fakes.house import House, house, wait_for
from tests.fakes.old_agent import OldAgent
from tests.fakes.proxy import Mode, Proxy, proxy

BERLIN = ZoneInfo("Europe/Berlin")
WAYS = (Mode.REFUSE, Mode.ERROR, Mode.BUSY, Mode.TOO_MANY, Mode.HANG, Mode.LOSE)
EACH_S = 5.0
KINDS = ("image_a", "image_b", "thumbnail", "video")


def live(agent: OldAgent, moments: dict[int, datetime], over: threading.Event) -> None:
    """Live through one event after the other, as an old agent does: one at a time."""
    agent.register()
    score = 1.0
    while not over.is_set():
        score += 0.5
        moment = agent.now()
        moments[agent.event(score=score, at=moment)] = moment


def suffer(way: Proxy, agents: list[OldAgent]) -> dict[str, dict[int, datetime]]:
    """Let the agents live while the hub goes and comes; return what they announced, and when."""
    over = threading.Event()
    said: dict[str, dict[int, datetime]] = {agent.camera_id: {} for agent in agents}
    threads = [
        threading.Thread(target=live, args=(agent, said[agent.camera_id], over)) for agent in agents
    ]
    for thread in threads:
        thread.start()
    time.sleep(EACH_S)
    for mode in WAYS:
        way.set(mode)
        time.sleep(EACH_S)
        way.set(Mode.PASS)
        time.sleep(EACH_S / 2)
    over.set()
    for thread in threads:
        thread.join(60)
    check(not any(thread.is_alive() for thread in threads), "an old agent never came to its end")
    return said


def adopt_strays(home: House) -> int:
    """Do what the job does, as if the agents had had their time."""
    settings = Settings(home=home.home, timezone="Europe/Berlin")
    database = Database(settings.url_of_database)
    found = adopt.adopt(Hub(settings, database, utc_now), given_time=timedelta(0))
    database.close()
    return found


def check_event(event: dict[str, Any], moment: datetime) -> None:
    """Hold an event against what its agent said and laid on the share."""
    check(event["timestamp"] == moment.isoformat(), f"{event['id']}: {event['timestamp']}")
    for kind in KINDS:
        path = event["video_h264_path" if kind == "video" else f"{kind}_path"]
        check(path, f"event {event['id']} lacks its {kind}")
        stamp = f"/{event['id']}_{moment:%Y%m%d_%H%M%S}_"
        check(stamp in path, f"event {event['id']} of {moment} has the {kind} {path}")
        check(event[f"{kind}_transferred"], f"the {kind} of event {event['id']} is not there")


def main() -> None:
    """Three cameras, six ways to be away."""
    with house(agent_access="open") as home:
        home.start_hub()
        home.start_jobs()
        with proxy(home.port) as way:
            agents = [
                OldAgent(way.url, home.share, f"old_{n}", BERLIN, 0.1, timeouts_s=(0.5, 3.0))
                for n in range(1, 4)
            ]
            said = suffer(way, agents)
        http = home.session()
        lost = [event for event in home.events(http) if not event["video_transferred"]]
        adopted = adopt_strays(home)
        events = home.events(http)
        for name, moments in said.items():
            mine = {event["id"]: event for event in events if event["camera_id"] == name}
            check(set(mine) == set(moments), f"{name}: {sorted(mine)}, not {sorted(moments)}")
            times = [event["timestamp"] for event in mine.values()]
            check(len(set(times)) == len(times), f"{name}: one moment stands twice")
            for number, event in mine.items():
                check_event(event, moments[number])
            print(f"{name}: {len(mine)} events, each once, each picture with its own moment")
        check(adopted > 0 and way.lost > 0, f"{adopted} adopted, {way.lost} replies lost")

        def converted() -> bool:
            states = [event["mp4_conversion_status"] for event in home.events(http)]
            return set(states) == {"complete"}

        wait_for(converted, 90, lambda: f"not all converted: {home.log('jobs')}")
        tries = sum(len(agent.talk) for agent in agents)
        print(
            f"{len(events)} events from {tries} tries; {way.lost} replies lost; {len(lost)} videos "
            f"nobody had told of, {adopted} files adopted; all converted"
        )


if __name__ == "__main__":
    run(main)
