#!/usr/bin/env python3
"""A backup that is made while events pour in comes back whole, on SQLite and on MariaDB.

A real hub takes events from eight posters. A backup is made in the middle. It is restored into a
second house that has nothing but the same share; every event acknowledged before the backup began
is in it, those after it come back from the share, and `check` finds nothing amiss.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from agent.hub_client import HubClient
from central.backup import folder
from central.clock import utc_now
from database.engine import Database
from tests.acceptance.common import check, run
from tests.fakes.events import camera, lay_small
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import private_mariadb

POSTERS = 8
BEFORE = 150
"""So many events are in when the backup begins."""


class Load:
    """Posters that lay events on the share and register them, until they are told to stop."""

    def __init__(self, home: House) -> None:
        self._home = home
        self._over = threading.Event()
        self._pen = threading.Lock()
        self.acknowledged: dict[str, float] = {}
        self.troubles: list[str] = []
        home.camera("front", "synthetic:1")
        token = home.home / "agents" / "front" / "token"
        client = HubClient(home.url, token)
        client.register_camera(camera())
        self._threads = [
            threading.Thread(target=self._post, args=(number, token)) for number in range(POSTERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the posters end."""
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _post(self, number: int, token: Path) -> None:
        client = HubClient(self._home.url, token)
        at = utc_now() - timedelta(hours=number)
        while not self._over.is_set():
            at += timedelta(seconds=1)
            said = lay_small(self._home.share, at, size_bytes=100)
            try:
                client.register_event(said)
            except Exception as error:
                self.troubles.append(repr(error))
                return
            with self._pen:
                self.acknowledged[str(said.uid)] = time.time()


def under_load(home: House, other: House) -> None:
    """Let events and a reader into `home`, and then try it."""
    home.start_hub()
    home.start_jobs()
    load = Load(home)
    with reader(home):
        back_up_and_restore(home, other, load)


@contextmanager
def reader(home: House) -> Iterator[None]:
    """Read the whole time, as a long download does: SQLite must then keep its log beside the file.

    Whoever copies the file alone copies an old state.
    """
    url = home.database_url or f"sqlite:///{home.home / 'gatehouse.db'}"
    database = Database(url)
    with database.reading() as session:
        session.execute(text("SELECT COUNT(*) FROM event"))
        yield
    database.close()


def back_up_and_restore(home: House, other: House, load: Load) -> None:
    """Make the backup while events come in, put it back, and look."""
    wait_for(lambda: len(load.acknowledged) >= BEFORE, 120, "too few events come in")
    begun = time.time()
    home.command("backup")
    took_s = time.time() - begun
    during = sum(at > begun for at in load.acknowledged.values())
    wait_for(lambda: len(load.acknowledged) >= 2 * BEFORE, 120, "too few events come in")
    load.stop()
    home.end()
    check(not load.troubles, f"the posters were troubled: {load.troubles[:3]}")
    check(during > 0, "no event came in while the backup was made")
    (made,) = folder.every(home.home / "backups")
    told = other.command("restore", str(made), "--yes")
    back = int(next(line for line in told.splitlines() if "of the share" in line).split()[0])
    check("as they should be" in told, f"after the restore: {told}")
    check("should be" in other.command("check", "--deep"), "the check finds something")
    total = len(load.acknowledged)
    before = sum(at < begun for at in load.acknowledged.values())
    in_backup = total - back
    check(in_backup >= before, f"{before} acknowledged before the backup, {in_backup} in it")
    check(back > 0, "the share had nothing to add")
    print(
        f"{home.database_url.split(':')[0] if home.database_url else 'sqlite'}: backup in "
        f"{took_s:.1f} s while {during} events came in; {before} were acknowledged before it, "
        f"{in_backup} are in it, {back} newer ones came back from the share: {total} of {total}, "
        "check --deep is clean",
        flush=True,
    )


def main() -> None:
    """On both engines."""
    with ExitStack() as stack:
        home = stack.enter_context(house())
        under_load(home, emptied(stack.enter_context(house(share=str(home.share)))))
    with private_mariadb() as server, ExitStack() as stack:
        home = stack.enter_context(house(server.new_database()))
        url = server.new_database()
        other = stack.enter_context(house(url, share=str(home.share)))
        server.drop(url)
        server.execute(f"CREATE DATABASE {url.rsplit('/', 1)[1]}")
        under_load(home, other)


def emptied(other: House) -> House:
    """Take a house's database away: a new machine has none."""
    for path in other.home.glob("gatehouse.db*"):
        path.unlink()
    return other


if __name__ == "__main__":
    run(main)
