#!/usr/bin/env python3
"""The gallery and the list of the API at ten thousand and at a million events, pages 1 and 1,000,
with files, stages, history and changes seeded; the peer of the million is the ten thousand.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from benchmarks.common import percentile
from central import cursor
from central.cameras import registry
from central.cursor import Place
from database.engine import Database
from database.models import Change, Event, EventFile, EventStage, StageHistory
from tests.fakes.events import camera
from tests.fakes.house import House, house
from tests.fakes.mariadb import private_mariadb

FEW, MANY = 10_000, 1_000_000
CAMERAS = 5
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
BATCH = 5_000
FILES = ("clip", "timing", "still_a", "thumbnail", "mp4", "poster")
REPEATS = 60


def seed(database: Database, count: int) -> None:
    """Fill the tables as a house would, newest event last."""
    keys = [
        registry.register(database, camera(f"camera_{n}", f"Camera {n}"), NEWEST).id
        for n in range(CAMERAS)
    ]
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        with database.engine.connect() as connection:
            if not database.is_sqlite:
                connection.exec_driver_sql("SET unique_checks=0, foreign_key_checks=0")
            for table, rows in rows_of(numbers, count, keys):
                connection.execute(insert(table), rows)
            connection.commit()


def rows_of(
    numbers: range, count: int, keys: list[int]
) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Yield the rows of each table for some events."""
    moments = {n: NEWEST - timedelta(seconds=30 * (count - n)) for n in numbers}
    tables: dict[Any, list[dict[str, Any]]] = {
        Event: [event_row(n, moments[n], keys) for n in numbers],
        EventFile: [
            {
                "event": n + 1,
                "kind": kind,
                "path": f"c/{n:09d}/{kind}",
                "size_bytes": 1,
                "sha256": "0" * 64,
                "created_at": moments[n],
            }
            for n in numbers
            for kind in FILES
        ],
        EventStage: [
            {
                "event": n + 1,
                "stage": "convert",
                "state": "done",
                "priority": 100,
                "attempt": 1,
                "not_before": moments[n],
                "updated_at": moments[n],
            }
            for n in numbers
        ],
        StageHistory: [
            {
                "event": n + 1,
                "stage": "convert",
                "verb": verb,
                "from_state": "waiting",
                "to_state": "claimed",
                "attempt": 1,
                "actor": "jobs",
                "reason": "",
                "at": moments[n],
            }
            for n in numbers
            for verb in ("claim", "finish")
        ],
        Change: [{"kind": "event", "verb": "new", "ref": n + 1, "at": moments[n]} for n in numbers],
    }
    for model, rows in tables.items():
        yield model.__table__, rows


def event_row(n: int, at: datetime, keys: list[int]) -> dict[str, Any]:
    """Return one event's row."""
    return {
        "id": n + 1,
        "uid": str(UUID(int=n + 1)),
        "camera": keys[n % CAMERAS],
        "started_at": at,
        "clip_started_at": at,
        "ended_at": at,
        "motion_score": 3.0,
        "confidence_score": 80.0,
        "trigger": {
            "reason": "something moved",
            "boxes": [],
            "zones": [],
            "peak_at": at.isoformat(),
        },
        "origin": {"kind": "file", "synthetic": False},
        "clock": {"synchronised": True},
        "clip": {"duration_us": 12_000_000, "packets": 120},
        "segment": 1,
        "salvaged": False,
        "content_sha256": "0" * 64,
        "created_at": at,
    }


def ask(home: House, path: str) -> Callable[[], float]:
    """Return a function that asks once and says how long it took, in ms."""
    http = home.session()

    def once() -> float:
        begun = time.perf_counter()
        answer = http.get(home.url + path, headers={"Accept": "text/html"}, timeout=60)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return (time.perf_counter() - begun) * 1000

    return once


def deep(page: int, length: int, count: int) -> str:
    """Return the cursor at which page number `page` begins."""
    last = count - (page - 1) * length
    at = NEWEST - timedelta(seconds=30 * (count - last))
    return cursor.encode(Place(at, last + 1))


def compare(engine: str, few: House, many: House) -> None:
    """Ask both in turn and print medians and ratios."""
    pages: dict[str, Callable[[int], str]] = {
        "gallery": lambda count: "/",
        "gallery of one camera": lambda count: "/?camera=camera_2",
        "gallery, page 400": lambda count: f"/?before={deep(400, 24, count)}",
        "API list": lambda count: "/api/v1/events?limit=50",
        "event page": lambda count: f"/events/{count - 7}",
    }
    for name, path in pages.items():
        small, large = ask(few, path(FEW)), ask(many, path(MANY))
        timed = [(small(), large()) for _ in range(REPEATS + 10)][10:]
        ratio = statistics.median(b / a for a, b in timed)
        a, b = statistics.median(a for a, _ in timed), statistics.median(b for _, b in timed)
        p95 = percentile([b for _, b in timed], 0.95)
        print(
            f"{engine}, {name}: {a:.1f} ms at 10 k, {b:.1f} ms (p95 {p95:.1f}) at 1 M, {ratio:.2f}"
        )
    first = ask(many, "/")
    last = ask(many, f"/?before={deep(1000, 24, MANY)}")
    timed = [(first(), last()) for _ in range(REPEATS)]
    ratio = statistics.median(b / a for a, b in timed)
    print(f"{engine}, page 1,000 beside page 1 at 1 M: {ratio:.2f}", flush=True)


def main() -> None:
    """On the engines named on the command line, or both."""
    engines = sys.argv[1:] or ["sqlite", "mariadb"]
    if "sqlite" in engines:
        with house() as few, house() as many:
            for home, count in ((few, FEW), (many, MANY)):
                database = Database(f"sqlite:///{home.home / 'gatehouse.db'}")
                seed(database, count)
                database.close()
                home.start_hub()
            compare("sqlite", few, many)
    if "mariadb" in engines:
        with private_mariadb() as server:
            urls = [server.new_database() for _ in range(2)]
            with house(urls[0]) as few, house(urls[1]) as many:
                for home, url, count in ((few, urls[0], FEW), (many, urls[1], MANY)):
                    database = Database(url)
                    seed(database, count)
                    database.close()
                    server.execute(f"ANALYZE TABLE {url.rsplit('/', 1)[1]}.event")
                    home.start_hub()
                compare("mariadb", few, many)


if __name__ == "__main__":
    main()
