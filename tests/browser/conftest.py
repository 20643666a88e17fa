"""One lived-in house and one window for all browser tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from central.cameras import registry
from database.engine import Database
from nfs.manifest import Manifest
from tests.browser import seeded
from tests.browser.browser import DESKTOP, Browser, browser
from tests.fakes.events import camera
from tests.fakes.house import House, house, wait_for


@dataclass(frozen=True)
class LivedIn:
    """A running house with events of three days, newest first."""

    home: House
    database: Database
    told: list[Manifest]
    failed_id: int
    waiting_id: int

    def id(self, number: int) -> int:
        """The id of the event with this number; 0 is the newest."""
        return seeded.id_of(self.database, self.told[number])


@pytest.fixture(scope="package")
def lived_in() -> Iterator[LivedIn]:
    with house() as home:
        database = Database(f"sqlite:///{home.home / 'gatehouse.db'}")
        for camera_id, name in seeded.CAMERAS:
            registry.register(database, camera(camera_id, name), datetime.now(UTC))
        now = datetime.now(UTC)
        told = [
            seeded.add_event(home, database, number, now - timedelta(minutes=7 + 97 * number))
            for number in range(30)
        ]
        failed = seeded.put_stage(
            database, told[2], state="failed", attempt=4, error=seeded.LONG_AGO
        )
        waiting = seeded.put_stage(database, told[1], state="waiting", attempt=0, error=None)
        home.start_hub()
        home.start_jobs()
        wait_for(
            lambda: seeded.all_converted(database),
            120,
            lambda: "not everything was converted\n" + home.log("jobs"),
        )
        yield LivedIn(home, database, told, failed, waiting)
        database.close()


@pytest.fixture(scope="package")
def window() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def inside(lived_in: LivedIn, window: Browser) -> Browser:
    window.look_as(DESKTOP, dark=False)
    window.log_in(lived_in.home)
    window.errors()
    return window
