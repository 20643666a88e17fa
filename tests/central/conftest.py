"""A hub on either engine, with a share in a temporary folder and a clock that can be set."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.context import Hub
from central.settings import Settings
from database.engine import Database


@dataclass
class SetClock:
    """A clock that stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def hub(database: Database, tmp_path: Path, clock: SetClock) -> Hub:
    (tmp_path / "home" / "share").mkdir(parents=True)
    return Hub(Settings(home=tmp_path / "home", timezone="Europe/Berlin"), database, clock)
