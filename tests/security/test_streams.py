"""An open stream ends with its login, and tells nobody of a camera that is not theirs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from central.accounts import users
from central.accounts.asker import SESSION_COOKIE
from central.accounts.login import log_in
from central.audit.log import COMMAND
from central.cameras import registry
from central.changes import feed
from central.clock import utc_now
from central.context import Hub
from central.settings import Settings
from database.engine import Database
from tests.fakes.events import camera
from tests.fakes.house import House, house, wait_for

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[House, Hub]]:
    with house() as home:
        home.start_hub()
        database = Database(f"sqlite:///{home.home / 'gatehouse.db'}")
        hub = Hub(Settings(home=home.home), database, utc_now)
        for camera_id in ("front", "back"):
            registry.register(database, camera(camera_id), utc_now())
        yield home, hub
        database.close()


@contextmanager
def listening(home: House, cookie: str) -> Iterator[tuple[list[str], threading.Event]]:
    """Read a stream in a thread: its lines, and whether it has ended."""
    lines: list[str] = []
    ended = threading.Event()
    answer = requests.get(
        f"{home.url}/api/v1/stream",
        cookies={SESSION_COOKIE: cookie},
        stream=True,
        timeout=30,
    )
    assert answer.status_code == 200

    def read() -> None:
        try:
            for line in answer.iter_lines(chunk_size=1):
                lines.append(line.decode())
        except (requests.RequestException, AttributeError, ValueError):
            pass
        ended.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        wait_for(lambda: lines, 10, "the stream says nothing")
        yield lines, ended
    finally:
        answer.close()
        thread.join(5)


def session_of(hub: Hub, name: str, **more: Any) -> str:
    users.add(hub, COMMAND, name, "viewer", PASSWORD, **more)
    token = log_in(hub, name, PASSWORD)
    assert token is not None
    return token


def tell(hub: Hub, ref: int, row: int) -> None:
    hub.database.write(
        lambda session: feed.append(session, "event", "new", ref, utc_now(), camera=row)
    )


@pytest.mark.parametrize("how", ["disabled", "deleted", "password"])
def test_it_ends_a_stream_with_its_login(running: tuple[House, Hub], how: str) -> None:
    home, hub = running
    token = session_of(hub, f"anna {how}")
    with hub.database.reading() as session:
        found = users.named(session, f"anna {how}")
    assert found is not None
    with listening(home, token) as (_, ended):
        assert not ended.wait(3.0)  # it lasts while the login does
        if how == "disabled":
            users.change(hub, COMMAND, found.id, users.Wanted(enabled=False))
        elif how == "deleted":
            users.remove(hub, COMMAND, found.id)
        else:
            users.set_password(hub, COMMAND, found.id, "another horse battery")
        begun = time.monotonic()
        assert ended.wait(5.0), "the stream outlives its login"
        assert time.monotonic() - begun < 5.0


def test_it_tells_a_viewer_of_one_camera_nothing_of_another(running: tuple[House, Hub]) -> None:
    home, hub = running
    limited = session_of(hub, "limited", cameras=("front",))
    free = session_of(hub, "free")
    with hub.database.reading() as session:
        rows = {one.camera_id: one.id for one in registry.every(session)}
    with listening(home, limited) as (seen, _), listening(home, free) as (all_seen, _):
        for ref, name in ((71, "back"), (72, "front")):
            tell(hub, ref, rows[name])
        wait_for(lambda: any('"id": 72' in line for line in seen), 10, "nothing was told")
        wait_for(lambda: any('"id": 71' in line for line in all_seen), 10, "nothing was told")
    assert not any('"id": 71' in line or "back" in line for line in seen)
