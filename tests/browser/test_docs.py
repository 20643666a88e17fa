"""The description of the API is there for people, under our own policy and from our own files."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser.browser import DESKTOP, PHONE, Browser
from tests.browser.conftest import LivedIn


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_shows_every_call_and_an_example(
    lived_in: LivedIn, inside: Browser, size: tuple[int, int]
) -> None:
    inside.look_as(size, dark=False)
    inside.driver.get(lived_in.home.url + "/docs")

    def calls() -> list[str]:
        found = inside.driver.find_elements(By.CSS_SELECTOR, ".opblock-summary-path")
        return [each.get_attribute("data-path") or "" for each in found]

    inside.wait(lambda: "/api/v1/events" in calls(), "the calls are not listed")
    assert inside.errors() == []
    assert inside.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    inside.driver.find_element(By.CSS_SELECTOR, ".opblock-post .opblock-summary-control").click()
    inside.wait(
        lambda: "camera_id" in inside.driver.find_element(By.CSS_SELECTOR, ".opblock-body").text,
        "the example of a body is not shown",
    )
