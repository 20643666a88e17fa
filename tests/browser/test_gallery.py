"""The gallery in a real browser, over a real hub: new events, scrolling, filters."""

from datetime import UTC, datetime, timedelta

from selenium.webdriver.common.by import By

from tests.browser import seeded
from tests.browser.browser import PHONE, Browser
from tests.browser.conftest import LivedIn
from web.wording import ago


def cards(window: Browser) -> list[int]:
    found = window.run("return [...document.querySelectorAll('.card')].map(c => c.dataset.id)")
    return [int(card) for card in found]


def test_it_shows_a_new_event_without_a_reload_and_then_its_video(
    lived_in: LivedIn, inside: Browser
) -> None:
    inside.driver.get(lived_in.home.url + "/?camera=")
    inside.run("window.untouched = true")
    told = seeded.add_event(lived_in.home, lived_in.database, 1, datetime.now(UTC), pictures=False)
    new = seeded.id_of(lived_in.database, told)
    inside.wait(lambda: cards(inside)[0] == new, "the new event does not appear at the top")
    inside.wait(
        lambda: inside.run(
            "const first = document.querySelector('.card');"
            "return !first.querySelector('.badge') && !!first.querySelector('img')"
        ),
        "the card does not become whole when the video is ready",
    )
    assert inside.run("return document.getElementById('said').textContent") == "New event: Driveway"
    assert inside.run("return window.untouched") is True
    assert inside.errors() == []


def test_it_files_a_late_event_under_its_own_day_and_hour(
    lived_in: LivedIn, inside: Browser
) -> None:
    inside.driver.get(lived_in.home.url + "/?camera=")
    between = (
        lived_in.told[4].timestamp + (lived_in.told[3].timestamp - lived_in.told[4].timestamp) / 2
    )
    told = seeded.add_event(lived_in.home, lived_in.database, 0, between)
    late = seeded.id_of(lived_in.database, told)
    inside.wait(lambda: late in cards(inside), "the late event does not appear")
    shown = cards(inside)
    place = shown.index(late)
    assert shown[place - 1 : place + 2] == [lived_in.id(3), late, lived_in.id(4)]
    started = inside.run(
        "return [...document.querySelectorAll('.card')].map(c => c.dataset.startedAt)"
    )
    assert started == sorted(started, reverse=True)


def test_it_does_not_jump_when_an_event_arrives_while_one_scrolls(
    lived_in: LivedIn, inside: Browser
) -> None:
    inside.look_as(PHONE, dark=False)
    inside.driver.get(lived_in.home.url + "/?camera=")
    inside.run("window.scrollTo(0, 900)")
    seen = inside.run("return document.elementFromPoint(150, 400).closest('.card')")
    top = inside.run("return arguments[0].getBoundingClientRect().top", seen)
    seeded.add_event(lived_in.home, lived_in.database, 2, datetime.now(UTC))
    pill = inside.driver.find_element(By.CSS_SELECTOR, ".pill")
    inside.wait(pill.is_displayed, "no word of it")
    assert abs(inside.run("return arguments[0].getBoundingClientRect().top", seen) - top) <= 2
    assert pill.text == "1 new event"
    pill.click()
    inside.wait(lambda: not pill.is_displayed(), "the word stays after one has looked")


def test_it_shows_only_the_chosen_camera_also_when_others_report(
    lived_in: LivedIn, inside: Browser
) -> None:
    inside.driver.get(lived_in.home.url + "/?camera=garden")
    other = seeded.add_event(lived_in.home, lived_in.database, 0, datetime.now(UTC))
    mine = seeded.add_event(lived_in.home, lived_in.database, 2, datetime.now(UTC))
    wanted, unwanted = (seeded.id_of(lived_in.database, told) for told in (mine, other))
    inside.wait(lambda: wanted in cards(inside), "the camera's own event does not appear")
    assert unwanted not in cards(inside)
    names = inside.run("return [...document.querySelectorAll('.where')].map(w => w.textContent)")
    assert set(names) == {"Garden"}
    inside.driver.find_element(By.CSS_SELECTOR, ".card a").click()
    inside.driver.find_element(By.LINK_TEXT, "All events").click()
    assert inside.driver.find_element(By.CSS_SELECTOR, ".chips [aria-current]").text == "Garden"
    inside.driver.find_element(By.LINK_TEXT, "All cameras").click()


def test_it_shows_a_chosen_day_at_once(lived_in: LivedIn, inside: Browser) -> None:
    inside.driver.get(lived_in.home.url + "/?camera=")
    day = inside.run("return [...document.querySelectorAll('h2.day')].at(-1).dataset.day")
    inside.run(
        "const day = document.getElementById('day'); day.value = arguments[0];"
        "day.dispatchEvent(new Event('change', {bubbles: true}))",
        day,
    )
    inside.wait(lambda: f"day={day}" in inside.driver.current_url, "the day is not shown")
    days = inside.run("return [...document.querySelectorAll('h2.day')].map(h => h.dataset.day)")
    assert days == [day]


def test_it_shows_every_event_once_when_one_scrolls_to_the_end(
    lived_in: LivedIn, inside: Browser
) -> None:
    home = lived_in.home
    inside.driver.get(home.url + "/?camera=")
    there = [event["id"] for event in home.events(home.session())]

    def shown() -> list[int]:
        inside.run("window.scrollTo(0, document.body.scrollHeight)")
        return cards(inside)

    inside.wait(lambda: len(shown()) >= len(there), "the end is not reached")
    assert shown() == there
    headings = inside.run("return [...document.querySelectorAll('h2.day')].map(h => h.dataset.day)")
    assert len(headings) == len(set(headings))


def test_it_counts_on_in_the_words_of_the_hub(lived_in: LivedIn, inside: Browser) -> None:
    inside.driver.get(lived_in.home.url + "/?camera=")
    now = datetime.now(UTC)
    lengths = [-200, -5, 0, 59, 60, 3599, 3600, 7199, 43199, 43200, 90000]
    theirs = inside.driver.execute_async_script(
        "const [lengths, done] = arguments; import('/static/times.js')"
        ".then(times => done(lengths.map(s => times.ago(s * 1000))))",
        lengths,
    )
    assert theirs == [ago(now - timedelta(seconds=length), now) for length in lengths]


def test_it_puts_a_drawing_where_a_picture_cannot_be_loaded(
    lived_in: LivedIn, inside: Browser
) -> None:
    told = lived_in.told[5]
    (picture,) = lived_in.home.share.rglob(f"*{told.uid}_thumb.jpg")
    picture.rename(picture.with_suffix(".away"))
    inside.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    try:
        inside.driver.get(lived_in.home.url + "/?camera=")
        selector = f"#event-{lived_in.id(5)} img"
        inside.run(f"document.querySelector('{selector}').scrollIntoView()")
        inside.wait(
            lambda: inside.run(f"return document.querySelector('{selector}').hidden"),
            "a broken picture stays",
        )
        shown = inside.run(
            "return [...document.querySelectorAll('.picture img')].filter(i => i.hidden).length"
        )
        assert shown == 1
    finally:
        picture.with_suffix(".away").rename(picture)
        inside.errors()
