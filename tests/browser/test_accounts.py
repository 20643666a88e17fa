"""The account's pages in a real browser: used as people use them, at the sizes they have."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from central.accounts import totp, users
from central.accounts.asker import SESSION_COOKIE
from central.audit.log import COMMAND
from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.settings import Settings
from database.engine import Database
from database.models import User
from tests.browser.browser import DESKTOP, PHONE, Browser
from tests.browser.test_screens import SCREENS, loaded
from tests.fakes.events import camera
from tests.fakes.house import House, house

PASSWORD = "correct horse battery"
PAGES = {
    "account": "/account",
    "second-step": "/account/second-step",
    "sessions": "/account/sessions",
    "tokens": "/account/tokens",
    "users": "/users",
    "user": "/users/2",
    "audit": "/audit",
}
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
COLOURS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    """A house with three users, two cameras, and some history."""
    with house() as made:
        hub = hub_of(made)
        for camera_id, name in (("front", "Front door"), ("garden", "Garden")):
            registry.register(hub.database, camera(camera_id, name), datetime.now(UTC))
        users.add(hub, COMMAND, "anna", "viewer", PASSWORD, ("front",))
        users.add(hub, COMMAND, "grandfather Ben", "operator", PASSWORD)
        users.change(hub, COMMAND, 3, users.Wanted(enabled=False))
        hub.database.close()
        made.start_hub()
        yield made


def hub_of(made: House) -> Hub:
    database = Database(f"sqlite:///{made.home / 'gatehouse.db'}")
    return Hub(Settings(home=made.home), database, utc_now)


@pytest.fixture
def inside(home: House, window: Browser) -> Browser:
    window.look_as(DESKTOP, dark=False)
    window.log_in(home)
    window.errors()
    return window


def look(window: Browser, name: str, size: tuple[int, int], dark: bool) -> None:
    """Take a picture; nothing may complain or stand out sideways."""
    window.wait(lambda: loaded(window), "the page does not load")
    colour = "dark" if dark else "light"
    window.picture(SCREENS / f"{name}-{size[0]}x{size[1]}-{colour}.png")
    assert window.errors() == []
    assert window.run("return document.documentElement.scrollWidth - innerWidth") <= 0


def type_in(window: Browser, name: str, text: str) -> None:
    field = window.driver.find_element(By.NAME, name)
    field.clear()
    field.send_keys(text)


def press(window: Browser, words: str) -> None:
    click(window, f"//main//button[contains(., '{words}')]")


def click(window: Browser, path: str) -> None:
    """Send a form, and wait for the page that answers it."""
    page = window.driver.find_element(By.TAG_NAME, "html")
    window.driver.find_element(By.XPATH, path).click()
    window.wait(lambda: is_gone(page) and loaded(window), "no page answers")


def is_gone(page: WebElement) -> bool:
    try:
        page.is_enabled()
    except (StaleElementReferenceException, NoSuchElementException):
        return True
    return False


def text_of(window: Browser) -> str:
    return window.driver.find_element(By.TAG_NAME, "main").text


@SIZES
@COLOURS
@pytest.mark.parametrize("page", PAGES)
def test_it_shows_every_page_and_takes_its_picture(
    home: House, inside: Browser, page: str, size: tuple[int, int], dark: bool
) -> None:
    inside.look_as(size, dark=dark)
    inside.driver.get(home.url + PAGES[page])
    inside.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    look(inside, page, size, dark)


@pytest.mark.parametrize("page", PAGES)
def test_it_never_scrolls_sideways_and_can_be_touched(
    home: House, inside: Browser, page: str
) -> None:
    inside.look_as((320, 640), dark=False)
    inside.driver.get(home.url + PAGES[page])
    inside.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert inside.run("return document.documentElement.scrollWidth") <= 320
    small = inside.run(
        "return [...document.querySelectorAll('main button, main select, main summary,"
        " main .fields input:not([type=hidden])')].filter(one => one.offsetParent)"
        ".map(one => one.closest('.tick') ?? one)"
        ".filter(one => one.getBoundingClientRect().height < 40).map(one => one.outerHTML)"
    )
    assert small == []
    nameless = inside.run(
        "return [...document.querySelectorAll('main input:not([type=hidden]), main select')]"
        ".filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"
    )
    assert nameless == []


@SIZES
@COLOURS
def test_it_makes_the_first_user_with_the_printed_code(
    window: Browser, size: tuple[int, int], dark: bool
) -> None:
    with house() as made:
        hub = hub_of(made)
        rows = hub.database
        rows.write(lambda session: session.delete(session.get_one(User, 1)))
        rows.close()
        made.start_hub()
        code = made.log("hub").split("the code is ")[1].split()[0]
        window.look_as(size, dark=dark)
        window.driver.get(made.url + "/")
        assert window.driver.current_url.endswith("/first-run")
        look(window, "first-run", size, dark)
        type_in(window, "code", "AAAA-AAAA-AAAA")
        for field in ("password", "again"):
            type_in(window, field, PASSWORD)
        press(window, "Begin")
        assert "not the code" in text_of(window)
        window.errors()
        look(window, "first-run-wrong", size, dark)
        type_in(window, "code", code.lower())
        for field in ("password", "again"):
            type_in(window, field, PASSWORD)
        press(window, "Begin")
        window.wait(lambda: "All quiet" in text_of(window), "nobody is let in")
        window.driver.delete_all_cookies()
        window.driver.get("about:blank")


@SIZES
@COLOURS
def test_it_logs_in_with_a_second_step_that_was_set_up_here(
    home: House, window: Browser, size: tuple[int, int], dark: bool
) -> None:
    name = f"carla {size[0]} {dark}"
    hub = hub_of(home)
    users.add(hub, COMMAND, name, "viewer", PASSWORD)
    hub.database.close()
    window.look_as(size, dark=dark)
    window.driver.delete_all_cookies()
    window.driver.get(home.url + "/login?next=/account/second-step")
    look(window, "login", size, dark)
    type_in(window, "name", name)
    type_in(window, "password", PASSWORD)
    press(window, "Log in")
    look(window, "second-step", size, dark)
    window.driver.find_element(By.TAG_NAME, "summary").click()
    secret = window.driver.find_element(By.CLASS_NAME, "secret").text.replace(" ", "")
    type_in(window, "code", totp.code_at(secret, utc_now()))
    press(window, "Switch it on")
    codes = [one.text for one in window.driver.find_elements(By.CSS_SELECTOR, ".codes li")]
    assert len(codes) == 10
    look(window, "recovery-codes", size, dark)
    click(window, "//header//button[contains(., 'Log out')]")
    type_in(window, "name", name)
    type_in(window, "password", PASSWORD)
    press(window, "Log in")
    look(window, "login-code", size, dark)
    assert window.driver.get_cookie(SESSION_COOKIE) is None
    type_in(window, "code", "000000")
    press(window, "Log in")
    assert "code is wrong" in text_of(window)
    window.errors()
    type_in(window, "code", codes[3].lower())
    press(window, "Log in")
    window.driver.get(home.url + "/account")
    assert "9 recovery codes are left" in text_of(window)
    look(window, "account-second-step", size, dark)


def test_it_makes_shows_and_revokes_a_token(home: House, inside: Browser) -> None:
    inside.driver.get(home.url + "/account/tokens")
    inside.driver.find_element(By.XPATH, "//summary[contains(., 'Make a token')]").click()
    type_in(inside, "name", "my script")
    inside.driver.find_element(By.CSS_SELECTOR, "input[value='events:read']").click()
    press(inside, "Make token")
    assert inside.driver.find_element(By.ID, "token").text.startswith("gh_pat_")
    inside.look_as(PHONE, dark=False)
    look(inside, "token-made", PHONE, False)
    press(inside, "Revoke")
    assert "works no more" in text_of(inside)
    assert "my script" not in text_of(inside)


def test_it_shows_an_enrolment_code_as_text_and_picture(home: House, inside: Browser) -> None:
    inside.driver.get(home.url + "/account/tokens")
    inside.driver.find_element(By.XPATH, "//summary[contains(., 'Enrol a camera')]").click()
    type_in(inside, "camera_id", "garage")
    inside.driver.find_elements(By.NAME, "name")[1].send_keys("Garage")
    inside.look_as(DESKTOP, dark=True)
    press(inside, "Make a code")
    assert len(inside.driver.find_element(By.ID, "code").text) == 14
    drawing = inside.driver.find_element(By.CSS_SELECTOR, "svg.qr")
    assert drawing.size["width"] > 150
    assert drawing.size["width"] == drawing.size["height"]
    look(inside, "enrolment", DESKTOP, True)
    assert "waiting for its agent" in text_of(inside)


def test_it_logs_another_browser_out(home: House, inside: Browser) -> None:
    home.session()
    inside.driver.get(home.url + "/account/sessions")
    rows = len(inside.driver.find_elements(By.CSS_SELECTOR, ".rows > li"))
    press(inside, "Log out everywhere else")
    assert "Every other login" in text_of(inside)
    assert rows > 1
    assert len(inside.driver.find_elements(By.CSS_SELECTOR, ".rows > li")) == 1
    assert "this one" in text_of(inside)


def test_it_searches_the_audit_log(home: House, inside: Browser) -> None:
    inside.driver.get(home.url + "/audit")
    type_in(inside, "about", "user:anna")
    press(inside, "Search")
    assert "maintainer made the user anna" in text_of(inside)
    assert "grandfather" not in text_of(inside)
    link = inside.driver.find_element(By.LINK_TEXT, "Export as CSV").get_attribute("href")
    assert "about=user%3Aanna" in str(link)
