"""Registering: once per uid, whole or not at all, only where the layout puts files."""

import threading
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from central.cameras import registry
from central.context import Hub
from central.errors import BadRequest, Conflict, NotFound
from central.events import query, register
from central.events.register import Registered
from database.models import Change, Event, EventFile, EventStage
from nfs.layout import FileKind
from tests.fakes.events import NOON, camera, lay_on_share, manifest


def test_it_stores_event_files_stage_and_change_together(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    said = lay_on_share(hub.settings.share_root)
    done = register.register(hub.database, said, NOON)
    with hub.database.reading() as session:
        facts = query.one(session, done.event_id)
        changes = session.scalars(select(Change)).all()
    assert facts is not None
    assert facts == done.facts  # what is answered without asking is what a query finds
    assert facts.started_at == said.timestamp
    assert set(facts.files) == {FileKind.CLIP, FileKind.TIMING}
    assert facts.stages["convert"].state == "waiting"
    assert [(c.kind, c.verb, c.ref) for c in changes] == [("event", "new", done.event_id)]


def test_it_answers_a_repeat_with_the_same_event(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    said = manifest()
    first = register.register(hub.database, said, NOON)
    second = register.register(hub.database, said, NOON)
    assert (first.is_new, first.facts is not None) == (True, True)
    assert second == Registered(first.event_id, is_new=False)


def test_it_makes_one_event_of_many_racing_registrations(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    said = lay_on_share(hub.settings.share_root)
    done: list[Registered] = []
    errors: list[Exception] = []

    def post() -> None:
        try:
            for _ in range(10):
                done.append(register.register(hub.database, said, NOON))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(done) == 80
    assert sum(one.is_new for one in done) == 1
    with hub.database.reading() as session:
        for table, count in ((Event, 1), (EventFile, 2), (EventStage, 1)):
            assert session.scalar(select(func.count()).select_from(table)) == count


def test_it_refuses_a_known_uid_with_other_content(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    uid = uuid4()
    register.register(hub.database, manifest(uid=uid), NOON)
    with pytest.raises(Conflict):
        register.register(hub.database, manifest(uid=uid, score=9), NOON)


def test_it_tells_an_unknown_camera_in_the_words_of_the_contract(hub: Hub) -> None:
    with pytest.raises(NotFound, match=r"Camera front not registered\. Please register camera"):
        register.register(hub.database, manifest(), NOON)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "back/2026-03-01/x", "front//2026-03-01/x"]
)
def test_it_refuses_a_file_anywhere_but_in_its_own_place(hub: Hub, path: str) -> None:
    registry.register(hub.database, camera(), NOON)
    said = lay_on_share(hub.settings.share_root)
    moved = said.files[0].model_copy(update={"path": path})
    with pytest.raises(BadRequest):
        register.register(hub.database, said.model_copy(update={"files": [moved]}), NOON)


def test_it_skips_conversion_when_there_is_no_video(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    done = register.register(hub.database, manifest(), NOON)
    with hub.database.reading() as session:
        facts = query.one(session, done.event_id)
    assert facts is not None
    assert facts.stages["convert"].state == "skipped"


def test_it_makes_one_camera_of_twelve_first_registrations_at_once(hub: Hub) -> None:
    ids: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: ids.append(registry.register(hub.database, camera(), NOON).id)
        )
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 12
    assert len(set(ids)) == 1
