#!/usr/bin/env python3
"""Workers on other machines lose 30 % of the hub's replies: each stage is claimed and done once.

A claim is repeated under its own id and a settlement as it was, as often as it takes; so no claim
is forgotten by its worker, nothing waits for a lease to run out, and nothing is done twice.
"""

import threading
import time
from collections import Counter
from functools import partial
from typing import Any
from uuid import uuid4

import requests
from sqlalchemy import select

from central.accounts import api_tokens
from central.audit.log import COMMAND
from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events import register
from central.settings import Settings
from central.stages import claims
from central.stages.lifecycle import Stage
from database.engine import Database
from database.models import EventStage, StageHistory
from tests.acceptance.common import check, run
from tests.fakes.events import camera, manifest
from tests.fakes.house import house
from tests.fakes.mariadb import private_mariadb
from tests.fakes.proxy import Proxy, proxy

STAGES, WORKERS, LOSING = 200, 4, 0.3
LONGEST_S = 120


def fill(hub: Hub) -> str:
    """Let events wait for detection; return a worker's token."""
    registry.register(hub.database, camera("front"), utc_now())
    for _ in range(STAGES):
        made = register.register(hub.database, manifest("front", utc_now()), utc_now())
        hub.database.write(
            partial(claims.enter, event_id=made.event_id, stage=Stage.DETECT, now=utc_now())
        )
    _, token = api_tokens.make(hub, COMMAND, "worker", "pi5")
    return token


class Worker:
    """A worker that repeats what was not answered, as it was."""

    def __init__(self, name: str, way: Proxy, token: str) -> None:
        self.name = name
        self._way = way
        self._headers = {"Authorization": f"Bearer {token}"}
        self._until = time.monotonic() + LONGEST_S
        self.done: list[int] = []
        self.odd: list[str] = []

    def ask(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request until it is answered."""
        while time.monotonic() < self._until:
            try:
                answer = requests.post(
                    f"{self._way.url}/api/v1/stages/{verb}",
                    json=body,
                    headers=self._headers,
                    timeout=20,
                )
            except requests.RequestException:
                continue
            if answer.status_code != 200:
                self.odd.append(f"{verb}: {answer.status_code} {answer.text[:200]}")
                return {}
            said: dict[str, Any] = answer.json()
            return said
        raise AssertionError(f"{self.name} never came to its end")

    def work(self) -> None:
        """Work until nothing waits."""
        while True:
            wanted = {"stages": ["detect"], "worker": self.name, "claim_id": str(uuid4())}
            held = self.ask("claim", {**wanted, "lease_s": 600}).get("claim")
            if held is None:
                return
            told = {key: held[key] for key in ("event_id", "stage", "attempt")}
            self.ask("finish", {**told, "worker": self.name})
            self.done.append(held["event_id"])


def prove(engine: str, database: Database, crew: list[Worker]) -> None:
    """Hold rows and history against what the workers say."""
    with database.reading() as session:
        states = Counter(
            session.scalars(select(EventStage.state).where(EventStage.stage == "detect"))
        )
        moves = session.scalars(select(StageHistory).where(StageHistory.stage == "detect")).all()
    verbs = Counter(move.verb for move in moves)
    check(states == Counter(done=STAGES), f"{engine}: {dict(states)}")
    check(verbs == Counter(claim=STAGES, finish=STAGES), f"{engine}: {dict(verbs)}")
    done = sorted(event_id for worker in crew for event_id in worker.done)
    check(len(done) == len(set(done)) == STAGES, f"{engine}: the workers did {len(done)}")


def lose(engine: str, url: str | None) -> None:
    """Work through a way that loses replies."""
    with house(url, machine_requests_per_minute="1000000") as home:
        found = url or f"sqlite:///{home.home / 'gatehouse.db'}"
        hub = Hub(Settings(home=home.home), Database(found), utc_now)
        token = fill(hub)
        home.start_hub()
        with proxy(home.port, losing=LOSING, seed=5) as way:
            crew = [Worker(f"w{number}", way, token) for number in range(WORKERS)]
            threads = [threading.Thread(target=worker.work) for worker in crew]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LONGEST_S + 30)
        odd = [complaint for worker in crew for complaint in worker.odd]
        check(not odd, f"{engine}: {odd[:3]}")
        check(way.lost > STAGES * LOSING / 2, f"{engine}: only {way.lost} replies were lost")
        prove(engine, hub.database, crew)
        hub.database.close()
        print(
            f"{engine}: {STAGES} stages, {WORKERS} workers, {way.lost} replies lost: each claimed "
            "once and done once"
        )


def main() -> None:
    """On both engines."""
    lose("sqlite", None)
    with private_mariadb() as server:
        lose("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
