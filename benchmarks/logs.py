#!/usr/bin/env python3
"""Log lines over HTTP in batches, beside raw batch INSERTs into the same table of one database, in
turn, with the same number of clients. The peer is the bare driver with rows that are ready.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime

import requests

from database.engine import Database
from tests.fakes.house import House, house
from tests.fakes.mariadb import private_mariadb

CLIENTS = 4
NOW = datetime.now()  # noqa: DTZ005 - as agents in the field say it
LINES_EACH = 10_000
ROUNDS = 5
BATCHES = (100, 500)
MESSAGE = "motion: something large moved towards the top, score 4.20 after 1.5 s"


def over_http(url: str, token: str, batch: int) -> Callable[[int], None]:
    """Return what one client does: its lines in batches, as an agent in the field says them."""

    def client(number: int) -> None:
        http = requests.Session()
        http.trust_env = False
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        entry = {
            "source": f"front:{number}",
            "timestamp": NOW.isoformat(),
            "level": "INFO",
            "message": MESSAGE,
        }
        body = json.dumps([entry] * batch)
        for _ in range(LINES_EACH // batch):
            answer = http.post(f"{url}/api/v1/logs", data=body, headers=headers, timeout=30)
            if answer.status_code != 201 or answer.json()["logs_inserted"] != batch:
                raise RuntimeError(answer.text)

    return client


def raw(database: Database) -> Callable[[int], None]:
    """Return the peer: the bare driver, 100 rows that are ready, one transaction each."""
    mark, now = ("?", NOW.isoformat(" ")) if database.is_sqlite else ("%s", NOW)
    statement = (
        "INSERT INTO log_line (source, at, received_at, level, message, request_id, event_uid)"
        f" VALUES ({', '.join([mark] * 7)})"
    )

    def client(number: int) -> None:
        rows = [(f"front:{number}", now, now, "INFO", MESSAGE, None, None)] * 100
        connection = database.engine.raw_connection()
        cursor = connection.cursor()
        for _ in range(LINES_EACH // 100):
            cursor.execute("BEGIN IMMEDIATE" if database.is_sqlite else "BEGIN")
            cursor.executemany(statement, rows)
            connection.commit()
        connection.close()

    return client


def rate(client: Callable[[int], None]) -> float:
    """Let all clients work at once; return lines per second."""
    failures: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            client(number)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(CLIENTS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return CLIENTS * LINES_EACH / (time.perf_counter() - begun)


def rounds(home: House, engine: str, url: str) -> None:
    """Measure in turn and print."""
    home.start_hub()
    home.camera("front", "synthetic:1")
    token = (home.home / "agents/front/token").read_text().strip()
    database = Database(url)
    peer = raw(database)
    for batch in BATCHES:
        ours, theirs = [], []
        for number in range(ROUNDS + 1):
            mine, other = rate(over_http(home.url, token, batch)), rate(peer)
            if number:  # the first round warms up
                ours.append(mine)
                theirs.append(other)
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        print(
            f"log lines, {engine}, {CLIENTS} clients, batches of {batch}: "
            f"{statistics.median(ours):,.0f}/s, raw INSERTs of 100 rows "
            f"{statistics.median(theirs):,.0f}/s, ratio {ratio:.2f} "
            f"(n={ROUNDS} rounds of {CLIENTS * LINES_EACH:,})",
            flush=True,
        )
    database.close()


def main() -> None:
    """On both engines."""
    with house() as home:
        rounds(home, "sqlite", f"sqlite:///{home.home / 'gatehouse.db'}")
    with private_mariadb() as server:
        url = server.new_database()
        with house(url) as home:
            rounds(home, "mariadb", url)


if __name__ == "__main__":
    main()
