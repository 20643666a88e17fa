"""How often may somebody ask? Moving windows, in memory, per process. The importer of `limits`."""

import math
import time
from dataclasses import dataclass
from typing import NoReturn

from fastapi import FastAPI
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from central.errors import TooMany

ROOM_FOR_PAGES = 10
"""Pages, pictures and streams of a person may be fetched so much oftener than the API."""


@dataclass(frozen=True)
class Rule:
    """At most `often` in `minutes`, for each of what is counted under this name."""

    name: str
    often: int
    minutes: int

    @property
    def item(self) -> RateLimitItem:
        """The rule as the library knows it."""
        return RateLimitItemPerMinute(self.often, self.minutes, namespace=self.name)


LOGIN_ACCOUNT = Rule("login-account", 10, 10)
LOGIN_ADDRESS = Rule("login-address", 30, 10)
SECOND_STEP = Rule("second-step", 6, 10)
PASSWORD_AGAIN = Rule("password-again", 10, 10)
ENROLMENT = Rule("enrolment", 10, 10)
FIRST_RUN = Rule("first-run", 10, 10)
REFRESH = Rule("refresh", 60, 1)


class Limits:
    """Counts who asked how often lately. One per process; thread-safe."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, rule: Rule, key: str, what: str) -> None:
        """Count one more. Raises TooMany, which says when to come back."""
        if not self._limiter.hit(rule.item, key):
            self._refuse(rule, key, what)

    def must_have_room(self, rule: Rule, key: str, what: str) -> None:
        """Raise TooMany if one more would be too many; count nothing.

        For what is only counted when it fails: as many as there are threads may pass at once.
        """
        if not self._limiter.test(rule.item, key):
            self._refuse(rule, key, what)

    def _refuse(self, rule: Rule, key: str, what: str) -> NoReturn:
        reset_at, _ = self._limiter.get_window_stats(rule.item, key)
        wait_s = max(1, math.ceil(reset_at - time.time()))
        raise TooMany(f"too many {what}; try again in {in_words(wait_s)}", wait_s)

    def forgive(self, rule: Rule, key: str) -> None:
        """Forget what was counted: it was the right person after all."""
        self._limiter.clear(rule.item, key)


def in_words(wait_s: int) -> str:
    """Return a waiting time as people say it."""
    if wait_s < 90:
        return f"{wait_s} s"
    return f"{math.ceil(wait_s / 60)} minutes"


def limits_of(request: HTTPConnection) -> Limits:
    """Return the counters of the process that serves this request."""
    found: Limits = request.app.state.limits
    return found


def install(app: FastAPI) -> None:
    """Give the app its counters."""
    app.state.limits = Limits()
