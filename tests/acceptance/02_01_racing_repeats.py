#!/usr/bin/env python3
"""1,200 racing repeats of one event, as old agents and as ours post it: one row, no error.

On both databases, from 24 connections at once; half begin before anybody's answer has come.
"""

from collections import Counter
from typing import Any

import requests
from sqlalchemy import func, select

from database.engine import Database
from database.models import Change, Event, EventStage, EventTotal
from tests.acceptance.common import check, run
from tests.fakes.events import manifest
from tests.fakes.house import House, house
from tests.fakes.mariadb import private_mariadb
from tests.fakes.old_agent import at_once

REPEATS = 1200
AT_ONCE = 24


def post_all(home: House, body: dict[str, Any]) -> tuple[Counter[int], set[int]]:
    """Post one body over and over from all connections; return statuses and ids."""
    statuses: Counter[int] = Counter()
    ids: set[int] = set()

    def client(_: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(REPEATS // AT_ONCE):
                answer = session.post(f"{home.url}/api/v1/events", json=body, timeout=60)
                statuses[answer.status_code] += 1
                ids.add(answer.json().get("id", 0))

    at_once(AT_ONCE, client)
    return statuses, ids


def race(engine: str, url: str | None) -> None:
    """Race an old agent's event, then one of ours."""
    with house(url, agent_access="open") as home:
        home.start_hub()
        said = {"camera_id": "front", "name": "Door", "location": "x", "ip_address": "10.0.0.1"}
        requests.post(f"{home.url}/api/v1/cameras/register", json=said, timeout=10)
        old = {"camera_id": "front", "timestamp": "2026-03-01T13:00:00.25", "motion_score": 9.75}
        ours = manifest("front").model_dump(mode="json")
        for number, (whose, body) in enumerate((("an old agent", old), ("ours", ours)), start=1):
            statuses, ids = post_all(home, body)
            check(set(statuses) <= {200, 201}, f"{engine}, {whose}: {dict(statuses)}")
            check(statuses[201] == 1, f"{engine}, {whose}: {statuses[201]} say that it is new")
            check(len(ids) == 1, f"{engine}, {whose}: ids {sorted(ids)[:5]}")
            check(statuses.total() == REPEATS, f"{engine}, {whose}: {statuses.total()} answers")
            rows = counts(url or f"sqlite:///{home.home / 'gatehouse.db'}")
            due = {"event": number, "change": number, "total": number, "stage": number - 1}
            check(rows == due, f"{engine}, {whose}: rows {rows} instead of {due}")
            print(f"{engine}, {whose}: {REPEATS} posts, one event; {dict(statuses)}")


def counts(url: str) -> dict[str, int]:
    """Count what one event must leave behind."""
    database = Database(url)
    with database.reading() as session:
        found = {
            "event": session.scalar(select(func.count(Event.id))) or 0,
            "change": session.scalar(select(func.count(Change.id)).where(Change.verb == "new"))
            or 0,
            "total": session.scalar(select(func.sum(EventTotal.events))) or 0,
            "stage": session.scalar(select(func.count()).select_from(EventStage)) or 0,
        }
    database.close()
    return {name: int(count) for name, count in found.items()}


def main() -> None:
    """On both databases."""
    race("sqlite", None)
    with private_mariadb() as server:
        race("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
