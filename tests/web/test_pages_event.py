"""An event's page over HTTP: honest states, links of a chain, parts for pages that are open."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from central.accounts.asker import SESSION_COOKIE
from central.accounts.login import log_in
from central.accounts.users import ensure_admin
from central.app import make_app
from central.cameras import registry
from central.context import Hub
from central.events import register
from central.settings import Settings
from database.engine import Database
from database.models import Event, EventStage
from nfs.manifest import Manifest, Segment
from tests.fakes.events import NOON, camera, lay_on_share, manifest

PAGE = {"Accept": "text/html"}
PASSWORD = "correct horse"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def hub(database: Database) -> Hub:
    made = Hub(Settings(timezone="Europe/Berlin", admin_password=PASSWORD), database, lambda: NOON)
    ensure_admin(made)
    registry.register(database, camera(), NOON)
    return made


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(make_app(hub), follow_redirects=False, headers=PAGE) as opened:
        opened.cookies.set(SESSION_COOKIE, log_in(hub, "admin", PASSWORD) or "")
        yield opened


def add(hub: Hub, told: Manifest) -> int:
    return register.register(hub.database, told, NOON).event_id


def put(hub: Hub, event_id: int, **values: Any) -> None:
    def store(session: Session) -> None:
        session.execute(update(EventStage).where(EventStage.event == event_id).values(**values))

    hub.database.write(store)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "waiting", "attempt": 0}, "Waiting to be converted."),
        ({"state": "claimed", "attempt": 1}, "Converting…"),
        ({"state": "failed", "attempt": 4, "last_error": "torn"}, "The video could not be made."),
        ({"state": "done", "attempt": 1}, "The video is no longer on the share."),
    ],
)
def test_it_says_why_there_is_no_player(
    client: TestClient, hub: Hub, tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    event_id = add(hub, lay_on_share(tmp_path))
    put(hub, event_id, **values)
    for path in (f"/events/{event_id}", f"/events/{event_id}/player"):
        text = client.get(path).text
        assert said in text
        assert "<video" not in text
        assert ("turning" in text) is (values["state"] == "claimed")
        assert values.get("last_error", "").capitalize() in text


def test_it_tells_when_a_failed_attempt_is_repeated(
    client: TestClient, hub: Hub, tmp_path: Path
) -> None:
    event_id = add(hub, lay_on_share(tmp_path))
    put(hub, event_id, attempt=1, last_error=EVIL, not_before=NOON + timedelta(seconds=40))
    text = client.get(f"/events/{event_id}/stages").text
    assert "will be tried again" in text
    assert "Next try at 13:00:40." in text
    assert EVIL not in text


def test_it_links_the_segments_of_a_chain(client: TestClient, hub: Hub) -> None:
    first = manifest()
    second = manifest(at=NOON + timedelta(seconds=30)).model_copy(
        update={"segment": Segment(index=2, previous_uid=first.uid)}
    )
    late = add(hub, second)
    assert "has not arrived yet" in client.get(f"/events/{late}").text
    early = add(hub, first)
    assert "It goes on in the next clip" in client.get(f"/events/{early}").text
    text = client.get(f"/events/{late}").text
    assert "This continues an earlier clip" in text
    assert "has not arrived yet" not in text


def test_it_reserves_the_shape_of_the_camera_s_pictures(
    client: TestClient, hub: Hub, tmp_path: Path
) -> None:
    event_id = add(hub, lay_on_share(tmp_path))
    assert 'width="320" height="240"' in client.get(f"/events/{event_id}/player").text


@pytest.mark.parametrize(
    "trigger",
    [
        None,
        {},
        {"reason": None, "boxes": None, "zones": None},
        {"reason": 7, "boxes": [{}, {"x": "a"}, None, {"x": "nan", "y": 0, "w": 0, "h": 0}]},
    ],
)
def test_it_shows_an_event_whatever_an_agent_said_of_its_cause(
    client: TestClient, hub: Hub, trigger: dict[str, Any] | None
) -> None:
    event_id = add(hub, manifest())
    hub.database.write(
        lambda session: session.execute(
            update(Event)
            .where(Event.id == event_id)
            .values(trigger=trigger, clock=None, origin=None, clip=None)
        )
    )
    for path in ("/", f"/events/{event_id}"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<rect" not in answer.text


@pytest.mark.parametrize("event_id", [0, -1, 999, 10**30])
def test_it_answers_for_an_event_that_does_not_exist_with_a_page(
    client: TestClient, event_id: int
) -> None:
    answer = client.get(f"/events/{event_id}")
    assert answer.status_code == 404
    assert "There is no such event" in answer.text
    for part in ("card", "player", "stages"):
        assert client.get(f"/events/{event_id}/{part}").status_code == 404
