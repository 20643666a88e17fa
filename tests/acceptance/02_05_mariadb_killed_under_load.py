#!/usr/bin/env python3
"""MariaDB killed with -9 ten times under load, and started again: acknowledged ⊆ present.

Six clients register events without pause. No answer is ever a 500; five seconds after the server
is back every answer is a success; `/health` answers within a second throughout and says how it is.
"""

import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import requests
from sqlalchemy import select

from database.engine import Database
from database.models import Event
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, manifest
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import MariaDb, private_mariadb

KILLS = 10
CLIENTS = 6
GRACE_S = 5.0
HEALTH_S = 1.0
DICE = random.Random(20261121)


@dataclass
class Load:
    """Clients that never rest, and what they were told. `back_at` is when the server last was."""

    home: House
    headers: dict[str, str]
    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    late: list[str] = field(default_factory=list)
    up_since: float | None = field(default_factory=time.monotonic)

    def client(self, number: int) -> None:
        """Register one event after the other."""
        with requests.Session() as http:
            http.trust_env = False
            count = 0
            while not self.over.is_set():
                count += 1
                said = manifest("front", NOON + timedelta(seconds=count, milliseconds=number))
                begun = time.monotonic()
                answer = http.post(
                    f"{self.home.url}/api/v1/events",
                    data=said.model_dump_json(),
                    headers=self.headers,
                    timeout=60,
                )
                self._note(answer, str(said.uid), begun)

    def _note(self, answer: requests.Response, uid: str, begun: float) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code in (200, 201):
            self.acknowledged.append(uid)
            return
        up_since = self.up_since
        if up_since is not None and begun - up_since > GRACE_S:
            self.late.append(f"{answer.status_code} {answer.text[:200]}")
        self.over.wait(0.05)


@dataclass
class Watch:
    """Somebody who asks `/health` all the time."""

    home: House
    over: threading.Event
    slowest_s: float = 0.0
    said: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Ask until it is over."""
        while not self.over.wait(0.1):
            begun = time.monotonic()
            answer = requests.get(f"{self.home.url}/health", timeout=30)
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            self.said[answer.json()["database"]] += 1


def kill_and_start(server: MariaDb, load: Load) -> None:
    """Kill the server at some moment; start it again some moments later."""
    time.sleep(DICE.uniform(1.0, 3.0))
    load.up_since = None
    server.stop(signal.SIGKILL)
    time.sleep(DICE.uniform(0.0, 4.0))
    server.start()
    load.up_since = time.monotonic()
    time.sleep(GRACE_S + DICE.uniform(0.5, 1.5))


def suffer(server: MariaDb, home: House, headers: dict[str, str]) -> tuple[Load, Watch]:
    """Put the hub under load while its database dies ten times."""
    load = Load(home, headers)
    watch = Watch(home, load.over)
    threads = [threading.Thread(target=load.client, args=(n,)) for n in range(CLIENTS)]
    threads.append(threading.Thread(target=watch.run))
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            kill_and_start(server, load)
    finally:
        load.over.set()
        for thread in threads:
            thread.join(70)
    return load, watch


def main() -> None:
    """Kill, count, compare."""
    with private_mariadb() as server:
        url = server.new_database()
        with house(url, machine_requests_per_minute="1000000") as home:
            home.camera("front", "synthetic:1")
            home.start_hub()
            token = (home.home / "agents/front/token").read_text().strip()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            said = {"camera_id": "front", "name": "F", "location": "x", "ip_address": ""}
            address = f"{home.url}/api/v1/cameras/register"
            requests.post(address, json=said, headers=headers, timeout=10).raise_for_status()
            load, watch = suffer(server, home, headers)
            wait_for(lambda: requests.get(f"{home.url}/health", timeout=5).ok, 10, "no health")
        database = Database(url)
        with database.reading() as session:
            present = Counter(session.scalars(select(Event.uid)))
        database.close()
        acknowledged = set(load.acknowledged)
        lost = acknowledged - set(present)
        check(not lost, f"{len(lost)} acknowledged events are gone: {sorted(lost)[:3]}")
        check(set(present.values()) == {1}, "an event stands twice")
        check(len(acknowledged) == len(load.acknowledged), "an event was acknowledged twice")
        check(len(acknowledged) > 500, f"only {len(acknowledged)} events: that was no load")
        check(set(load.statuses) <= {200, 201, 503}, f"answers: {dict(load.statuses)}")
        check(load.statuses[503] > 0, "nobody noticed the kills")
        check(not load.late, f"{len(load.late)} refusals after 5 s: {load.late[:2]}")
        check(watch.slowest_s < HEALTH_S, f"/health took {watch.slowest_s:.2f} s")
        check(watch.said["disconnected"] > 0, f"/health never said so: {dict(watch.said)}")
        print(
            f"{KILLS} kills: {len(acknowledged)} acknowledged, {len(present)} present, each once; "
            f"answers {dict(load.statuses)}; /health at most {watch.slowest_s * 1000:.0f} ms, "
            f"said {dict(watch.said)}"
        )


if __name__ == "__main__":
    run(main)
