#!/usr/bin/env python3
"""A MariaDB that hangs, and a SQLite whose disk is full: `/health` answers within a second and says
so, everything else refuses quickly with Retry-After, nothing is half stored, and all goes on by
itself as soon as the cause is gone.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.acceptance.common import check, run
from tests.fakes.events import camera, manifest
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import MariaDb, private_mariadb

HANGS = 3 if os.environ.get("GATEHOUSE_TEST_LONG") else 1
STOPPED_S = 25.0
SAID_WITHIN_S = 10.0
QUICK_S = 1.0
AGENTS_WAIT_S = 30.0
BACK_WITHIN_S = 4.0
DISK_BYTES = 6 * 1024 * 1024
JSON = {"Content-Type": "application/json"}
PAGE = {"Accept": "text/html"}


def timed(ask: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    """Return an answer and how long it took."""
    begun = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - begun


def health(home: House) -> dict[str, Any]:
    """Return what `/health` says, which must not take long."""
    answer, took = timed(lambda: requests.get(f"{home.url}/health", timeout=30))
    check(answer.status_code == 200, f"/health answered {answer.status_code}")
    check(took <= QUICK_S, f"/health took {took:.2f} s")
    said: dict[str, Any] = answer.json()
    return said


def register(home: House, body: str) -> requests.Response:
    """Register one event."""
    return requests.post(f"{home.url}/api/v1/events", data=body, headers=JSON, timeout=60)


@contextmanager
def hanging(server: MariaDb) -> Iterator[None]:
    """Stop the server's process without ending it; it goes on afterwards, whatever happens."""
    if server.process is None:
        raise RuntimeError("the server does not run")
    let_go = threading.Timer(STOPPED_S, server.process.send_signal, (signal.SIGCONT,))
    let_go.start()
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)
        let_go.cancel()


def hang(home: House, server: MariaDb) -> None:
    """One hang, from the first stuck request to the first good one."""
    http = home.session()
    caught: list[tuple[int, float]] = []

    def ask() -> None:
        answer, took = timed(lambda: http.get(f"{home.url}/api/v1/events", timeout=60))
        caught.append((answer.status_code, took))

    threads = [threading.Thread(target=ask) for _ in range(60)]
    with hanging(server):
        stopped_at = time.monotonic()
        for thread in threads:  # more than the hub has threads: all of them are caught
            thread.start()
        said: dict[str, Any] = {}
        while said.get("database") != "disconnected":
            check(time.monotonic() - stopped_at < SAID_WITHIN_S, f"/health still says {said}")
            said = health(home)
            answer, took = timed(lambda: requests.get(f"{home.url}/", timeout=30))
            check(answer.ok and took <= QUICK_S, f"/ as JSON: {answer.status_code}, {took:.1f} s")
            time.sleep(0.1)
        noticed_s = time.monotonic() - stopped_at
        check(said["status"] != "healthy" and said["problems"], f"/health says {said}")
        for name, ask_it in {
            "a page": lambda: http.get(f"{home.url}/", headers=PAGE, timeout=60),
            "a list": lambda: http.get(f"{home.url}/api/v1/events", timeout=60),
            "a registration": lambda: register(home, manifest().model_dump_json()),
        }.items():
            answer, took = timed(ask_it)
            check(answer.status_code == 503, f"{name} is answered with {answer.status_code}")
            check("retry-after" in answer.headers, f"{name} does not say when to come back")
            check(took <= QUICK_S, f"{name} took {took:.1f} s")
        for thread in threads:
            thread.join(60)
        statuses = Counter(status for status, _ in caught)
        # Refused once their patience ended, or served after all when the server went on.
        check(len(caught) == len(threads) and set(statuses) <= {200, 503}, f"{statuses}")
        check(health(home)["database"] == "disconnected", "it says that a stopped server answers")
    back_at = time.monotonic()
    url = f"{home.url}/api/v1/events"
    wait_for(lambda: http.get(url, timeout=60).ok, BACK_WITHIN_S, "the hub does not come back")
    back_s = time.monotonic() - back_at
    check(register(home, manifest().model_dump_json()).status_code == 201, "no event is taken")
    wait_for(lambda: health(home)["status"] == "healthy", BACK_WITHIN_S, "not healthy again")
    worst = max(took for _, took in caught)
    check(worst < AGENTS_WAIT_S, f"a caught request took {worst:.1f} s")
    print(
        f"mariadb hung: said after {noticed_s:.1f} s ({said['problems'][0]}); 60 requests that it "
        f"caught were answered {dict(statuses)} within {worst:.1f} s, later "
        f"ones 503 at once; back {back_s:.1f} s after it"
    )


@dataclass
class SmallDisk:
    """Room for a database that can be used up and given back; `word` is what the hub calls it."""

    folder: Path
    fill: Callable[[House], None]
    free: Callable[[House], None]
    word: str


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Give a file system of a few megabytes; where mounting is forbidden, limit the hub's files.

    Both are the kernel's own refusals: ENOSPC there, EFBIG here.
    """
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-small-"))
    filler = folder / "filler"
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "gatehouse-test", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0

    def fill(_home: House) -> None:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def limit(home: House) -> None:
        biggest = max(path.stat().st_size for path in folder.iterdir())
        _, hard = resource.prlimit(home.processes["hub"].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(home.processes["hub"].pid, resource.RLIMIT_FSIZE, (biggest, hard))

    def unlimit(home: House) -> None:
        _, hard = resource.prlimit(home.processes["hub"].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(home.processes["hub"].pid, resource.RLIMIT_FSIZE, (hard, hard))

    try:
        if mounted:
            yield SmallDisk(folder, fill, lambda _home: filler.unlink(), "disk is full")
        else:
            yield SmallDisk(folder, limit, unlimit, "disk fails")
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def post_until_refused(home: House, acknowledged: set[str]) -> str:
    """Register until the hub refuses; return the event that it refused."""
    for _ in range(3000):
        said = manifest()
        answer = register(home, said.model_dump_json())
        if answer.status_code == 201:
            acknowledged.add(str(said.uid))
            continue
        check(answer.status_code == 503, f"a full disk is answered with {answer.status_code}")
        check("retry-after" in answer.headers, "the refusal does not say when to come back")
        return said.model_dump_json()
    raise AssertionError("the disk does not fill")


def full() -> None:
    """One full disk, from the last event that fitted to the refused one stored after all."""
    with small_disk() as disk:
        path = disk.folder / "gatehouse.db"
        with house(f"sqlite:///{path}", agent_access="open") as home:
            home.start_hub()
            requests.post(
                f"{home.url}/api/v1/cameras/register", json=camera().model_dump(), timeout=10
            )
            acknowledged: set[str] = set()
            for _ in range(20):
                said = manifest()
                check(register(home, said.model_dump_json()).status_code == 201, "not taken")
                acknowledged.add(str(said.uid))
            disk.fill(home)
            refused = post_until_refused(home, acknowledged)
            begun = time.monotonic()
            told = wait_for(
                lambda: health(home)["problems"], SAID_WITHIN_S, "/health knows of no problem"
            )
            said_s = time.monotonic() - begun
            state = health(home)
            check(disk.word in told[0], f"/health says {told}")
            check(state["status"] != "healthy", "/health says healthy with a full disk")
            check(state["database_connected"], "/health says that it cannot even read")
            check(not state["database_writable"], "/health says that it can write")
            for _ in range(5):
                check(register(home, refused).status_code == 503, "not refused with 503")
            listed = requests.get(f"{home.url}/api/v1/events?limit=200", timeout=10)
            check(listed.ok, f"reading is answered with {listed.status_code}")
            disk.free(home)
            freed_at = time.monotonic()
            wait_for(lambda: health(home)["status"] == "healthy", BACK_WITHIN_S, "not healthy")
            back_s = time.monotonic() - freed_at
            check(register(home, refused).status_code == 201, "the refused event is not taken")
            check(register(home, refused).status_code == 200, "it was not taken once")
            acknowledged.add(json.loads(refused)["uid"])
            home.stop("hub")
            judge(path, acknowledged)
        print(
            f"sqlite full: {len(acknowledged) - 1} events before, then 503 with Retry-After, said "
            f"after {said_s:.1f} s ({told[0]}); healthy {back_s:.1f} s after there was room; "
            f"the refused event stands once, integrity_check ok"
        )


def judge(path: Path, acknowledged: set[str]) -> None:
    """Hold the file against what was acknowledged."""
    with closing(sqlite3.connect(path)) as file:
        (intact,) = file.execute("PRAGMA integrity_check").fetchone()
        uids = [uid for (uid,) in file.execute("SELECT uid FROM event")]
        staged = file.execute(
            "SELECT count(*) FROM event LEFT JOIN event_stage ON event_stage.event = event.id "
            "WHERE event_stage.event IS NULL"
        ).fetchone()[0]
    check(intact == "ok", f"integrity_check: {intact}")
    check(len(uids) == len(set(uids)), "an event stands twice")
    check(set(uids) == acknowledged, "what stands is not what was acknowledged")
    check(staged == 0, f"{staged} events are half stored")


def main() -> None:
    """Both troubles."""
    with private_mariadb() as server, house(server.new_database(), agent_access="open") as home:
        home.start_hub()
        requests.post(f"{home.url}/api/v1/cameras/register", json=camera().model_dump(), timeout=10)
        for _ in range(HANGS):
            hang(home, server)
    full()


if __name__ == "__main__":
    run(main)
