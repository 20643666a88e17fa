"""An event's page in a real browser: it plays, it says honestly why it does not, it stays true."""

from datetime import UTC, datetime

from selenium.webdriver.common.by import By
from sqlalchemy import update
from sqlalchemy.orm import Session

from central.changes import feed
from database.models import EventStage
from tests.browser import seeded
from tests.browser.browser import Browser
from tests.browser.conftest import LivedIn

LATE_STAGES = """
    const real = window.fetch;
    window.fetch = async (path, options) => {
        if (path.endsWith("/stages")) await new Promise((done) => setTimeout(done, 700));
        return real(path, options);
    };
"""
"""The player's part of a page arrives first, and waits for the other."""


def test_it_plays_the_video(lived_in: LivedIn, inside: Browser) -> None:
    inside.driver.get(f"{lived_in.home.url}/events/{lived_in.id(3)}")
    inside.run("const video = document.querySelector('video'); video.muted = true; video.play()")
    inside.wait(
        lambda: inside.run("return document.querySelector('video').currentTime") > 0.3,
        "the video does not play",
    )
    assert inside.errors() == []


def test_it_draws_the_boxes_where_the_still_shows_the_motion(
    lived_in: LivedIn, inside: Browser
) -> None:
    inside.driver.get(f"{lived_in.home.url}/events/{lived_in.id(3)}")
    (box,) = lived_in.told[3].trigger.boxes
    inside.run("document.querySelector('.stills').scrollIntoView()")
    inside.wait(
        lambda: inside.run("return document.querySelector('.boxed img').complete"), "no still"
    )
    left, top = inside.run(
        "const still = document.querySelector('.boxed img').getBoundingClientRect(),"
        "box = document.querySelector('.boxes rect:not(.edge)').getBoundingClientRect();"
        "return [(box.left - still.left) / still.width, (box.top - still.top) / still.height]"
    )
    assert abs(left - box.x) < 0.01
    assert abs(top - box.y) < 0.01


def test_it_says_why_there_is_no_video(lived_in: LivedIn, inside: Browser) -> None:
    inside.driver.get(f"{lived_in.home.url}/events/{lived_in.failed_id}")
    player = inside.driver.find_element(By.ID, "player")
    assert "The video could not be made." in player.text
    assert seeded.LONG_AGO[1:] in player.text
    assert not inside.driver.find_elements(By.CSS_SELECTOR, ".turning")
    lines = inside.run(
        "return [...document.querySelectorAll('.moves time')].map(time => time.offsetHeight)"
    )
    assert len(lines) == 4
    assert max(lines) < 30  # a time never breaks


def test_it_follows_a_conversion_to_its_video_without_a_reload(
    lived_in: LivedIn, inside: Browser
) -> None:
    lived_in.home.stop("jobs")
    told = seeded.add_event(lived_in.home, lived_in.database, 3, datetime.now(UTC))
    event_id = seeded.id_of(lived_in.database, told)
    inside.driver.get(f"{lived_in.home.url}/events/{event_id}")
    inside.run("window.untouched = true")
    inside.run(LATE_STAGES)
    player = "return document.getElementById('player').textContent"
    assert "Waiting to be converted." in inside.run(player)

    def claimed(session: Session) -> None:
        now = datetime.now(UTC)
        row = update(EventStage).where(EventStage.event == event_id)
        session.execute(row.values(state="claimed", attempt=1))
        feed.append(session, "event", "update", event_id, now)

    lived_in.database.write(claimed)
    inside.wait(lambda: "Converting…" in inside.run(player), "it does not say that it converts")
    lived_in.database.write(
        lambda session: session.execute(
            update(EventStage).where(EventStage.event == event_id).values(state="waiting")
        )
    )
    lived_in.home.start_jobs()
    inside.wait(
        lambda: inside.run("return document.querySelector('video')?.readyState > 0"),
        "the video does not appear",
        60,
    )
    assert inside.run("return window.untouched") is True


def test_it_links_clips_that_follow_each_other(lived_in: LivedIn, inside: Browser) -> None:
    first = seeded.add_event(lived_in.home, lived_in.database, 4, datetime.now(UTC))
    second = seeded.add_event(lived_in.home, lived_in.database, 4, datetime.now(UTC), follows=first)
    one, two = (seeded.id_of(lived_in.database, told) for told in (first, second))
    inside.driver.get(f"{lived_in.home.url}/events/{one}")
    inside.driver.find_element(By.PARTIAL_LINK_TEXT, "goes on in the next clip").click()
    assert inside.driver.current_url.endswith(f"/events/{two}")
    inside.driver.find_element(By.PARTIAL_LINK_TEXT, "continues an earlier clip").click()
    assert inside.driver.current_url.endswith(f"/events/{one}")


def test_it_says_so_when_a_video_cannot_be_loaded(lived_in: LivedIn, inside: Browser) -> None:
    told = lived_in.told[6]
    (video,) = (lived_in.home.share / "hub-made").rglob(f"*{told.uid}_clip.mp4")
    video.rename(video.with_suffix(".away"))
    try:
        inside.driver.get(f"{lived_in.home.url}/events/{lived_in.id(6)}")
        broken = inside.driver.find_element(By.ID, "broken")
        inside.wait(broken.is_displayed, "a broken player stays")
    finally:
        video.with_suffix(".away").rename(video)
    broken.find_element(By.TAG_NAME, "button").click()
    inside.wait(
        lambda: inside.run("return document.querySelector('video').readyState") > 0,
        "trying again does not help",
    )
    inside.errors()
