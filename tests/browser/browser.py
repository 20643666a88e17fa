"""A real browser: Debian's chromium, headless, at the sizes and in the colours people use."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from central.accounts.asker import SESSION_COOKIE
from tests.fakes.house import House

T = TypeVar("T")
PHONE = (390, 844)
DESKTOP = (1440, 900)
SWITCHES = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage "
    "--autoplay-policy=no-user-gesture-required --hide-scrollbars --no-proxy-server"
)


class Browser:
    """One window. Console errors are collected."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def look_as(self, size: tuple[int, int], *, dark: bool) -> None:
        """Take the size of a phone or a desk, and the colours its owner has chosen."""
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": width < 600,
            },
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def log_in(self, home: House) -> None:
        """Take over the cookie of a session that is logged in."""
        self.driver.get(f"{home.url}/login")
        token = home.session().cookies[SESSION_COOKIE]
        self.driver.add_cookie({"name": SESSION_COOKIE, "value": token, "httpOnly": True})

    def run(self, script: str, *values: Any) -> Any:
        """Run script in the page and return its answer."""
        return self.driver.execute_script(script, *values)

    def wait(self, what: Callable[[], T], complaint: str, within_s: float = 15) -> T:
        """Return the first true answer of `what`."""
        ends_at = time.monotonic() + within_s
        while not (answer := what()):
            if time.monotonic() > ends_at:
                raise AssertionError(complaint)
            time.sleep(0.1)
        return answer

    def block(self, *addresses: str) -> None:
        """Let requests to these addresses fail, as bad Wi-Fi does; none: let all pass again."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": list(addresses)})

    def errors(self) -> list[str]:
        """Return what the console complained of since the last call."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] == "SEVERE"
        ]

    def picture(self, path: Path) -> None:
        """Store what is to be seen now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a fresh browser; end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-browser-") as profile:
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for switch in [*SWITCHES.split(), f"--user-data-dir={profile}"]:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        driver.set_page_load_timeout(30)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
