"""The pages in a real browser, over a real hub with converted events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from agent.sources import codec
from agent.sources.scene import Scene
from agent.thumbnail import thumbnail_of
from central.cameras import registry
from central.events import register
from database.engine import Database
from nfs import durable
from nfs.layout import FileKind, path_for
from nfs.manifest import Box, FileEntry, Manifest, Trigger
from tests.browser.browser import DESKTOP, PHONE, Browser, browser
from tests.fakes.events import camera, lay_on_share
from tests.fakes.footage import CAR, PEOPLE, footage
from tests.fakes.house import House, house, wait_for

SCREENS = Path(__file__).parents[1] / "output/screens"
CAMERAS = (("front", "Front door"), ("drive", "Driveway"), ("garden", "Garden"))
REASONS = (
    "something large moved left to right for 1.4 s",
    "something middle-sized moved towards the bottom for 0.8 s",
    "3 things moved right to left for 2.1 s",
)


def pictures() -> list[bytes]:
    """Return stills: from the footage where there is some, else from the synthetic scene."""
    found = []
    for name, seconds in ((CAR, (6, 16, 26)), (PEOPLE, (12, 30, 60))):
        path = footage(name)
        if path is None:
            continue
        wanted = list(seconds)
        for step in codec.play(str(path), copy=False):
            for picture in step.pictures:
                if wanted and picture.at_us >= wanted[0] * 1e6:
                    wanted.pop(0)
                    found.append(picture.jpeg())
            if not wanted:
                break
    scene = Scene(7)
    while len(found) < 4:
        passage = scene.passages[len(found)]
        at = (passage.start_s + passage.end_s) / 2
        found.append(codec.picture_of(scene.picture(at), 0).jpeg())
    return found


def add_event(
    home: House,
    database: Database,
    number: int,
    at: datetime,
    still: bytes | None,
    *,
    bad: bool = False,
) -> Manifest:
    """Lay an event on the share and register it, as an agent would."""
    camera_id, _ = CAMERAS[number % len(CAMERAS)]
    said = lay_on_share(home.share, at, camera_id=camera_id, clip=b"broken" if bad else None)
    files = list(said.files)
    if still is not None:
        for kind, data in (
            (FileKind.STILL_A, still),
            (FileKind.STILL_B, still),
            (FileKind.THUMBNAIL, thumbnail_of(still)),
        ):
            path = path_for(camera_id, at, said.uid, kind)
            durable.write(home.share / path, data)
            files.append(FileEntry(kind=kind, path=str(path), bytes=len(data), sha256="0" * 64))
    told = said.model_copy(
        update={
            "files": files,
            "trigger": Trigger(
                reason=REASONS[number % len(REASONS)],
                peak_at=at + timedelta(seconds=1),
                boxes=[Box(x=0.3, y=0.2, w=0.2, h=0.45)],
            ),
        }
    )
    register.register(database, told, datetime.now(UTC))
    return told


@pytest.fixture(scope="module")
def lived_in() -> Iterator[tuple[House, Database]]:
    """A house with events of three days, one of them broken, and room for more."""
    with house() as home:
        database = Database(f"sqlite:///{home.home / 'gatehouse.db'}")
        for camera_id, name in CAMERAS:
            registry.register(database, camera(camera_id, name), datetime.now(UTC))
        stills = pictures()
        now = datetime.now(UTC)
        for number in range(30):
            at = now - timedelta(minutes=7 + 97 * number)
            add_event(home, database, number, at, stills[number % len(stills)], bad=number == 4)
        home.start_hub()
        home.start_jobs()
        http = home.session()
        wait_for(
            lambda: sum("mp4" in [f["kind"] for f in e["files"]] for e in home.events(http)) >= 29,
            60,
            lambda: "not everything was converted\n" + home.log("jobs"),
        )
        yield home, database
        database.close()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def inside(lived_in: tuple[House, Database], window: Browser) -> Browser:
    window.look_as(DESKTOP, dark=False)
    window.log_in(lived_in[0])
    window.errors()
    return window


def loaded(window: Browser) -> bool:
    return bool(
        window.run(
            "return document.readyState === 'complete' && [...document.images]"
            ".filter(i => i.getBoundingClientRect().top < innerHeight).every(i => i.complete)"
        )
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("page", ["gallery", "event", "failed", "login"])
def test_it_shows_every_page_without_errors_and_takes_its_picture(
    lived_in: tuple[House, Database], inside: Browser, page: str, size: tuple[int, int], dark: bool
) -> None:
    home, _ = lived_in
    events = home.events(home.session())
    paths = {
        "gallery": "/",
        "event": f"/events/{events[0]['id']}",
        "failed": f"/events/{events[4]['id']}",
        "login": "/login",
    }
    inside.look_as(size, dark=dark)
    inside.driver.get(home.url + paths[page])
    inside.wait(lambda: loaded(inside), "the page does not load")
    name = f"{page}-{size[0]}x{size[1]}-{'dark' if dark else 'light'}.png"
    inside.picture(SCREENS / name)
    assert inside.errors() == []
    wide = inside.run("return document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


@pytest.mark.parametrize("path", ["/", "/events/1", "/login"])
def test_it_never_scrolls_sideways_on_the_smallest_phone(
    lived_in: tuple[House, Database], inside: Browser, path: str
) -> None:
    inside.look_as((320, 640), dark=False)
    inside.driver.get(lived_in[0].url + path)
    assert inside.run("return document.documentElement.scrollWidth") <= 320


def test_it_shows_a_new_event_without_a_reload_and_then_its_video(
    lived_in: tuple[House, Database], inside: Browser
) -> None:
    home, database = lived_in
    inside.driver.get(home.url + "/")
    inside.run("window.untouched = true")
    before = len(inside.driver.find_elements(By.CSS_SELECTOR, ".card"))
    told = add_event(home, database, 1, datetime.now(UTC), None)
    inside.wait(
        lambda: len(inside.driver.find_elements(By.CSS_SELECTOR, ".card")) == before + 1,
        "the new event does not appear",
    )
    first = inside.driver.find_element(By.CSS_SELECTOR, ".card")
    assert first.get_attribute("data-started") == told.timestamp.isoformat()
    inside.wait(
        lambda: inside.run(
            "const first = document.querySelector('.card');"
            "return !first.querySelector('.badge') && !!first.querySelector('img')"
        ),
        "the card does not become whole when the video is ready",
    )
    assert inside.run("return window.untouched") is True
    assert inside.errors() == []


def test_it_does_not_jump_when_an_event_arrives_while_one_scrolls(
    lived_in: tuple[House, Database], inside: Browser
) -> None:
    home, database = lived_in
    inside.look_as(PHONE, dark=False)
    inside.driver.get(home.url + "/")
    inside.run("window.scrollTo(0, 900)")
    looked_at = "return document.elementFromPoint(150, 400).closest('.card')"
    seen = inside.run(looked_at)
    top = inside.run("return arguments[0].getBoundingClientRect().top", seen)
    add_event(home, database, 2, datetime.now(UTC), None)
    inside.wait(
        lambda: inside.run("return !document.querySelector('.pill').hidden"), "no word of it"
    )
    assert abs(inside.run("return arguments[0].getBoundingClientRect().top", seen) - top) <= 2


def test_it_shows_every_event_once_when_one_scrolls_to_the_end(
    lived_in: tuple[House, Database], inside: Browser
) -> None:
    home, _ = lived_in
    inside.driver.get(home.url + "/")
    there = {event["id"] for event in home.events(home.session())}

    def shown() -> list[int]:
        inside.run("window.scrollTo(0, document.body.scrollHeight)")
        cards = inside.run("return [...document.querySelectorAll('.card')].map(c => c.id)")
        return [int(card.removeprefix("event-")) for card in cards]

    inside.wait(lambda: len(shown()) >= len(there), "the end is not reached")
    assert sorted(shown()) == sorted(there)
    headings = inside.run("return [...document.querySelectorAll('h2.day')].map(h => h.dataset.day)")
    assert len(headings) == len(set(headings))
