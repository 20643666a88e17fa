#!/usr/bin/env python3
"""Twelve first registrations of one camera at once: one row, no error; on both databases."""

import requests
from sqlalchemy import func, select

from database.engine import Database
from database.models import Camera
from tests.acceptance.common import check, run
from tests.fakes.house import house
from tests.fakes.mariadb import private_mariadb
from tests.fakes.old_agent import at_once

AT_ONCE = 12
ROUNDS = 20


def race(engine: str, url: str | None) -> None:
    """Let twelve agents register each of twenty new cameras at the same moment."""
    with house(url, agent_access="open", registrations_per_minute="1000") as home:
        home.start_hub()
        answers: list[tuple[int, str, int]] = []
        sessions = [requests.Session() for _ in range(AT_ONCE)]

        def register(name: str, session: requests.Session) -> None:
            said = {"camera_id": name, "name": "Door", "location": "x", "ip_address": "10.0.0.1"}
            address = f"{home.url}/api/v1/cameras/register"
            answer = session.post(address, json=said, timeout=30)
            answers.append((answer.status_code, name, answer.json().get("id", 0)))

        for number in range(ROUNDS):
            name = f"cam_{number}"
            at_once(AT_ONCE, lambda who, name=name: register(name, sessions[who]))  # type: ignore[misc]
        bad = [answer for answer in answers if answer[0] != 200]
        check(not bad, f"{engine}: {len(bad)} registrations failed: {bad[:3]}")
        check(len(answers) == AT_ONCE * ROUNDS, f"{engine}: {len(answers)} answers")
        ids = {(name, key) for _, name, key in answers}
        check(len(ids) == ROUNDS, f"{engine}: cameras got {len(ids)} ids")
        database = Database(url or f"sqlite:///{home.home / 'gatehouse.db'}")
        with database.reading() as session:
            rows = session.scalar(select(func.count(Camera.id)))
        database.close()
        check(rows == ROUNDS, f"{engine}: {rows} rows for {ROUNDS} cameras")
        print(f"{engine}: {len(answers)} registrations, {rows} cameras, every answer 200")


def main() -> None:
    """On both databases."""
    race("sqlite", None)
    with private_mariadb() as server:
        race("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
