"""A page whose hub goes away, comes back, or no longer knows who is looking."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.by import By
from sqlalchemy import delete

from central.cameras import registry
from database.engine import Database
from database.models import UserSession
from tests.browser import seeded
from tests.browser.browser import Browser
from tests.browser.test_gallery import cards
from tests.fakes.events import camera
from tests.fakes.house import House, house


@pytest.fixture
def fresh() -> Iterator[tuple[House, Database]]:
    """A house in which nothing has moved yet."""
    with house() as home:
        database = Database(f"sqlite:///{home.home / 'gatehouse.db'}")
        for camera_id, name in seeded.CAMERAS:
            registry.register(database, camera(camera_id, name), datetime.now(UTC))
        home.start_hub()
        yield home, database
        database.close()


@contextmanager
def bad_gateway(port: int) -> Iterator[list[str]]:
    """Answer as a proxy does whose hub is away; hand out the paths that were asked for."""
    asked: list[str] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[0])
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shows(window: Browser, what: str) -> bool:
    return window.driver.find_element(By.ID, what).is_displayed()


def test_it_fills_an_empty_gallery_by_itself(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/")
    assert "Nothing has moved yet" in window.driver.find_element(By.ID, "empty").text
    told = seeded.add_event(home, database, 0, datetime.now(UTC))
    window.wait(lambda: cards(window) == [seeded.id_of(database, told)], "nothing appears")
    assert not shows(window, "empty")
    assert window.run("return document.querySelector('h2.day').textContent") == "Today"
    assert window.errors() == []


def test_it_says_that_the_hub_is_away_and_catches_up_when_it_is_back(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/")
    window.wait(lambda: not shows(window, "offline"), "offline from the start")
    home.kill("hub")
    window.wait(lambda: shows(window, "offline"), "it does not say that the hub is away")
    told = seeded.add_event(home, database, 0, datetime.now(UTC))
    home.start_hub()
    window.wait(lambda: cards(window) == [seeded.id_of(database, told)], "it does not catch up", 40)
    window.wait(lambda: not shows(window, "offline"), "it still says that the hub is away")
    window.errors()


def test_it_forgets_no_event_whose_card_could_not_be_fetched(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/")
    window.block("*/card")
    told = seeded.add_event(home, database, 0, datetime.now(UTC))
    window.wait(lambda: shows(window, "offline"), "it does not say that something is wrong")
    assert cards(window) == []
    window.block()
    window.wait(lambda: cards(window) == [seeded.id_of(database, told)], "the event is lost")
    window.wait(lambda: not shows(window, "offline"), "it still says that something is wrong")
    window.errors()


def test_it_comes_back_after_somebody_else_has_answered_for_the_hub(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/")
    home.kill("hub")
    with bad_gateway(home.port) as asked:
        window.wait(lambda: "/api/v1/stream" in asked, "the page does not ask again")
        window.wait(lambda: shows(window, "offline"), "it does not say that the hub is away")
    home.start_hub()
    told = seeded.add_event(home, database, 0, datetime.now(UTC))
    window.wait(lambda: cards(window) == [seeded.id_of(database, told)], "it never asks again", 40)
    window.errors()


def test_it_notices_on_its_own_that_one_is_logged_out(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/")
    home.kill("hub")
    database.write(lambda session: session.execute(delete(UserSession)))
    home.start_hub()
    window.wait(lambda: shows(window, "logged-out"), "it does not say that one is logged out", 30)
    assert not shows(window, "offline")
    window.errors()


def test_it_offers_to_try_again_when_older_events_cannot_be_loaded(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    now = datetime.now(UTC)
    for number in range(26):
        seeded.add_event(home, database, number, now - timedelta(minutes=number), pictures=False)
    window.log_in(home)
    window.look_as((390, 844), dark=False)
    window.driver.get(home.url + "/")
    window.block("*/gallery/more*")
    window.run("window.scrollTo(0, document.body.scrollHeight)")
    again = window.driver.find_element(By.CSS_SELECTOR, ".more a")
    window.wait(lambda: again.text == "Try again", "it does not say that it could not load")
    window.block()
    again.click()
    window.wait(lambda: len(cards(window)) == 26, "trying again does not help")
    window.errors()


def test_it_says_that_one_is_logged_out_and_leads_back(
    fresh: tuple[House, Database], window: Browser
) -> None:
    home, database = fresh
    window.log_in(home)
    window.driver.get(home.url + "/?camera=front")
    window.wait(lambda: not shows(window, "offline"), "offline from the start")
    database.write(lambda session: session.execute(delete(UserSession)))
    seeded.add_event(home, database, 0, datetime.now(UTC))
    window.wait(lambda: shows(window, "logged-out"), "it does not say that one is logged out")
    window.driver.find_element(By.LINK_TEXT, "Log in again").click()
    window.driver.find_element(By.NAME, "name").send_keys("admin")
    window.driver.find_element(By.NAME, "password").send_keys(home.password + "\n")
    window.wait(lambda: len(cards(window)) == 1, "login does not lead back")
    assert window.driver.current_url.endswith("/?camera=front")
    window.errors()
