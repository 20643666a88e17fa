"""Lists: newest first, every event exactly once over the pages, also among equal times."""

from datetime import timedelta

import pytest

from central import cursor
from central.cameras import registry
from central.context import Hub
from central.cursor import Place
from central.errors import BadRequest
from central.events import query, register
from tests.fakes.events import NOON, camera, manifest


def test_it_shows_every_event_once_over_all_pages(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    made = [
        register.register(hub.database, manifest(at=NOON + timedelta(seconds=n // 4)), NOON)
        for n in range(23)
    ]
    seen: list[int] = []
    place: Place | None = None
    while True:
        with hub.database.reading() as session:
            page = query.recent(session, limit=5, before=place)
        seen += [facts.id for facts in page.events]
        if page.next is None:
            break
        place = cursor.decode(cursor.encode(page.next))
    assert seen == sorted((one.event_id for one in made), reverse=True)


def test_it_filters_by_camera_and_time(hub: Hub) -> None:
    for name in ("front", "back"):
        registry.register(hub.database, camera(name), NOON)
        for hours in range(3):
            said = manifest(name, NOON + timedelta(hours=hours))
            register.register(hub.database, said, NOON)
    with hub.database.reading() as session:
        page = query.recent(
            session,
            limit=10,
            cameras={"back"},
            since=NOON + timedelta(hours=1),
            until=NOON + timedelta(hours=2),
        )
        none = query.recent(session, limit=10, cameras={"nowhere"})
    assert [(f.camera_id, f.started_at) for f in page.events] == [
        ("back", NOON + timedelta(hours=1))
    ]
    assert none.events == []


def test_it_knows_the_neighbours_of_an_event(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    ids = [register.register(hub.database, manifest(), NOON).event_id for _ in range(3)]
    with hub.database.reading() as session:
        middle = query.one(session, ids[1])
        assert middle is not None
        around = query.neighbours(session, middle)
    assert (around.older_id, around.newer_id) == (ids[0], ids[2])


@pytest.mark.parametrize("text", ["", "x", "e30", "W10", "null", "WyIyMDI2IiwgMV0", "�"])
def test_it_refuses_a_cursor_it_did_not_make(text: str) -> None:
    with pytest.raises(BadRequest):
        cursor.decode(text)
