"""Every page at the sizes and in the colours people use: no complaint, nothing sideways."""

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import DESKTOP, PHONE, Browser
from tests.browser.conftest import LivedIn

SCREENS = Path(__file__).parents[1] / "output/screens"


def loaded(window: Browser) -> bool:
    return bool(
        window.run(
            "const seen = e => e.getBoundingClientRect().top < innerHeight;"
            "return document.readyState === 'complete'"
            " && [...document.images].filter(seen).every(i => i.complete)"
            " && [...document.querySelectorAll('video')].every(v => v.readyState > 0)"
        )
    )


def paths(lived_in: LivedIn) -> dict[str, str]:
    return {
        "gallery": "/?camera=",
        "camera": "/?camera=drive",
        "event": f"/events/{lived_in.id(3)}",
        "failed": f"/events/{lived_in.failed_id}",
        "waiting": f"/events/{lived_in.waiting_id}",
        "quiet-day": "/?camera=front&day=2020-01-01",
        "sorry": "/?camera=front&day=2020-01-32",
        "login": "/login",
    }


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize(
    "page", ["gallery", "camera", "event", "failed", "waiting", "quiet-day", "login"]
)
def test_it_shows_every_page_without_errors_and_takes_its_picture(
    lived_in: LivedIn, inside: Browser, page: str, size: tuple[int, int], dark: bool
) -> None:
    inside.look_as(size, dark=dark)
    inside.driver.get(lived_in.home.url + paths(lived_in)[page])
    inside.wait(lambda: loaded(inside), "the page does not load")
    inside.picture(SCREENS / f"{page}-{size[0]}x{size[1]}-{'dark' if dark else 'light'}.png")
    assert inside.errors() == []
    assert inside.run("return document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(
    "page", ["gallery", "event", "failed", "waiting", "quiet-day", "sorry", "login"]
)
def test_it_never_scrolls_sideways_on_the_smallest_phone(
    lived_in: LivedIn, inside: Browser, page: str
) -> None:
    inside.look_as((320, 640), dark=False)
    inside.driver.get(lived_in.home.url + paths(lived_in)[page])
    inside.wait(lambda: loaded(inside), "the page does not load")
    assert inside.run("return document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("page", ["gallery", "event", "failed", "waiting"])
def test_it_keeps_everything_in_place_while_pictures_load(
    lived_in: LivedIn, inside: Browser, page: str
) -> None:
    inside.look_as(PHONE, dark=False)
    inside.driver.get(lived_in.home.url + paths(lived_in)[page])
    inside.wait(lambda: loaded(inside), "the page does not load")
    moved = inside.run(
        "return new Promise(done => { let sum = 0;"
        "new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"
    )
    assert moved < 0.01


@pytest.mark.parametrize("page", ["gallery", "event", "login"])
def test_it_shows_where_the_keyboard_is(lived_in: LivedIn, inside: Browser, page: str) -> None:
    inside.driver.get(lived_in.home.url + paths(lived_in)[page])
    seen = set()
    for _ in range(12):
        ActionChains(inside.driver).send_keys(Keys.TAB).perform()
        where, outline = inside.run(
            "const e = document.activeElement, c = e.closest('.card, .day-chip') ?? e;"
            "return [e.outerHTML.slice(0, 120), getComputedStyle(c).outlineStyle]"
        )
        if where.startswith("<body") or where.startswith("<video"):
            continue
        assert outline != "none", where
        seen.add(where)
    assert len(seen) >= 3
