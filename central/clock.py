"""The hub's clock, handed in so that tests can choose the time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns now, aware, in UTC."""


def utc_now() -> datetime:
    """Return now, aware, in UTC."""
    return datetime.now(UTC)
