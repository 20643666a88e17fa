"""A hub with a marked share, and events on it whose files are really there."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from central.cameras import registry
from central.context import Hub
from central.events.register import register
from database.models import Event, EventFile, EventStage
from nfs.share import make_share
from tests.central.conftest import SetClock
from tests.fakes.events import camera, lay_small

Recorded = Callable[..., list[int]]


@pytest.fixture
def kept(hub: Hub, clock: SetClock) -> Hub:
    """The hub with its share marked and the camera `front` known; it is days later by now."""
    make_share(hub.settings.share_root)
    registry.register(hub.database, camera(), clock())
    clock.move(days=10)
    return hub


@pytest.fixture
def record(kept: Hub) -> Recorded:
    """Record converted events, one an hour, and return their ids, oldest first."""

    def make(
        count: int,
        first_at: datetime | None = None,
        *,
        camera_id: str = "front",
        size_bytes: int = 10_000,
        converted: bool = True,
    ) -> list[int]:
        first = first_at or kept.clock() - timedelta(days=8)
        ids = []
        for number in range(count):
            at = first + timedelta(hours=number)
            said = lay_small(kept.settings.share_root, at, camera_id, size_bytes)
            ids.append(register(kept.database, said, at).event_id)
        if converted:
            done = update(EventStage).where(EventStage.event.in_(ids)).values(state="done")
            kept.database.write(lambda session: session.execute(done))
        return ids

    return make


def ids_in(hub: Hub) -> list[int]:
    with hub.database.reading() as session:
        return list(session.scalars(select(Event.id).order_by(Event.id)))


def paths_in(hub: Hub) -> set[str]:
    with hub.database.reading() as session:
        return set(session.scalars(select(EventFile.path)))


def files_on(hub: Hub) -> set[str]:
    root = hub.settings.share_root
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
