#!/usr/bin/env python3
"""Registering events over HTTP, beside a bare FastAPI endpoint that does one INSERT, on the same
database, with the same number of clients.
"""

import subprocess
import sys
import textwrap
import threading
import time
from datetime import timedelta

import requests

from benchmarks.common import percentile
from nfs.layout import FileKind, path_for
from nfs.manifest import Clip, FileEntry
from tests.fakes.events import NOON, manifest
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import free_port, private_mariadb

CLIENTS = 4
EACH = 150
ROUNDS = 5
KINDS = (FileKind.CLIP, FileKind.TIMING, FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL)

BARE = '''
"""The peer: login-free, unchecked, one INSERT and COMMIT."""
import subprocess
import sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from database.engine import Database

database = Database(sys.argv[1])
with database.engine.begin() as connection:
    connection.execute(text("CREATE TABLE IF NOT EXISTS bare (uid VARCHAR(36), body TEXT)"))
app = FastAPI()

class Body(BaseModel):
    uid: str
    camera_id: str
    motion_score: float

@app.post("/events", status_code=201)
def post(body: Body):
    database.write(lambda s: s.execute(
        text("INSERT INTO bare VALUES (:u, :b)"), {"u": body.uid, "b": body.camera_id}))
    return {"id": 1}

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
'''


def bodies(count: int, start: int) -> list[str]:
    """Return manifests as an agent posts them: a clip and five files."""
    found = []
    for number in range(start, start + count):
        said = manifest(at=NOON + timedelta(milliseconds=number))
        files = [
            FileEntry(
                kind=kind,
                path=str(path_for(said.camera_id, said.timestamp, said.uid, kind)),
                bytes=1000,
                sha256="0" * 64,
            )
            for kind in KINDS
        ]
        clip = Clip(width=640, height=480, packets=10, duration_us=1_000_000)
        found.append(said.model_copy(update={"files": files, "clip": clip}).model_dump_json())
    return found


def rate(url: str, headers: dict[str, str], work: list[list[str]]) -> tuple[float, float]:
    """Post everything from several clients; return posts per second and the p95 in ms."""
    waits: list[float] = []

    def client(mine: list[str]) -> None:
        http = requests.Session()
        http.trust_env = False
        for body in mine:
            begun = time.perf_counter()
            answer = http.post(
                url, data=body, headers={"Content-Type": "application/json", **headers}, timeout=30
            )
            waits.append(time.perf_counter() - begun)
            if answer.status_code != 201:
                raise RuntimeError(answer.text)

    threads = [threading.Thread(target=client, args=(mine,)) for mine in work]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(waits) / (time.perf_counter() - begun), percentile(waits, 0.95) * 1000


def rounds(home: House, engine: str, url: str) -> None:
    """Time both in turn and print."""
    port = free_port()
    script = home.home / "bare.py"
    script.write_text(textwrap.dedent(BARE))
    home.start_hub()
    home.camera("front", "synthetic:1")
    token = (home.home / "agents/front/token").read_text().strip()
    bearer = {"Authorization": f"Bearer {token}"}
    said = {"camera_id": "front", "name": "F", "location": "x", "ip_address": ""}
    requests.post(
        f"{home.url}/api/v1/cameras/register", json=said, headers=bearer, timeout=10
    ).raise_for_status()

    peer = subprocess.Popen([sys.executable, str(script), url, str(port)], env=home.environment)
    try:
        wait_for(lambda: _answers(port), 20, "the peer does not start")
        ratios, ours, theirs = [], [], []
        start = 0
        for number in range(ROUNDS + 1):
            work = [bodies(EACH, start + EACH * client) for client in range(CLIENTS)]
            start += EACH * CLIENTS
            mine = rate(f"{home.url}/api/v1/events", bearer, work)
            other = rate(f"http://127.0.0.1:{port}/events", {}, work)
            if number:  # the first round warms up
                ours.append(mine)
                theirs.append(other)
                ratios.append(mine[0] / other[0])
        middle = sorted(range(ROUNDS), key=lambda n: ratios[n])[ROUNDS // 2]
        print(
            f"registration, {engine}, {CLIENTS} clients: {ours[middle][0]:.0f}/s "
            f"(p95 {ours[middle][1]:.0f} ms), bare endpoint {theirs[middle][0]:.0f}/s, "
            f"ratio {ratios[middle]:.2f} (n={ROUNDS} rounds of {CLIENTS * EACH})"
        )
    finally:
        peer.kill()
        peer.wait()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/openapi.json", timeout=1).ok
    except requests.RequestException:
        return False


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
