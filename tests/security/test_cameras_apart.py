"""Who may see one camera sees no byte of another: in no page, list, file, stream or log."""

from typing import Any

import pytest

from central.accounts import agent_tokens
from central.accounts.agent_tokens import NewToken
from central.audit.log import COMMAND
from central.cameras import registry
from central.events import register
from nfs.layout import FileKind
from tests.fakes.door import PAGE, Door, Visitor
from tests.fakes.events import NOON, camera, lay_on_share

OTHER = "cellar_1"


@pytest.fixture
def events(door: Door) -> dict[str, int]:
    """One event with a clip of each camera; return their ids."""
    hub, found = door.hub, {}
    for name, shown in (("front", "Front door"), (OTHER, "Cellar")):
        registry.register(hub.database, camera(name, shown), NOON)
        said = lay_on_share(hub.settings.share_root, camera_id=name)
        found[name] = register.register(hub.database, said, NOON).event_id
    return found


def seen_by(visitor: Visitor, path: str, headers: dict[str, str] | None = None) -> str:
    answer = visitor.get(path, headers=headers or {})
    return answer.text if answer.status_code == 200 else ""


def agent_of(door: Door, camera_id: str) -> dict[str, str]:
    made, hub = NewToken.random(), door.hub
    hub.database.write(lambda session: agent_tokens.store(session, hub, camera_id, made, COMMAND))
    return {"Authorization": f"Bearer {made.token}"}


def every_page(events: dict[str, int]) -> list[str]:
    own, other = events["front"], events[OTHER]
    pages = ["/", f"/?camera={OTHER}", "/?camera=", "/?day=2026-03-01", f"/events/{own}"]
    parts = ("", "/card", "/player", "/stages")
    return pages + [f"/events/{other}{part}" for part in parts]


def every_call(events: dict[str, int]) -> list[str]:
    other = events[OTHER]
    lists = ["", f"?camera_id={OTHER}", "?date=2026-03-01", "?offset=0&limit=200"]
    return [
        "/api/v1/cameras",
        f"/api/v1/cameras/{OTHER}/stats",
        *(f"/api/v1/events{query}" for query in lists),
        f"/api/v1/events/{other}",
        *(f"/api/v1/events/{other}/media/{kind}" for kind in FileKind),
    ]


def test_it_shows_a_limited_viewer_no_other_camera(door: Door, events: dict[str, int]) -> None:
    anna, admin = door.person("anna", cameras=("front",)), door.person("root", "admin")
    for path in [*every_page(events), *every_call(events)]:
        asked = PAGE if "/api/" not in path else None
        # What the asker said comes back in the page, and tells nothing.
        assert "cellar" not in seen_by(anna, path, asked).lower().replace(OTHER, ""), path
        if OTHER not in path:
            assert OTHER not in seen_by(anna, path, asked), path
    assert "Cellar" in seen_by(admin, "/", PAGE)
    assert anna.get("/api/v1/events").json()["total"] == 1
    assert admin.get("/api/v1/events").json()["total"] == 2
    own = f"/api/v1/events/{events['front']}/media/clip"
    assert anna.get(own).status_code == 200


def test_it_answers_another_cameras_event_as_one_that_is_not_there(
    door: Door, events: dict[str, int]
) -> None:
    anna = door.person("anna", cameras=("front",))
    for path in (f"/api/v1/events/{events[OTHER]}", f"/api/v1/events/{events[OTHER]}/media/clip"):
        nowhere = path.replace(str(events[OTHER]), "999")
        there, not_there = anna.get(path), anna.get(nowhere)
        assert (there.status_code, not_there.status_code) == (404, 404)
        assert (
            there.json()["detail"].replace(str(events[OTHER]), "999")
            == (not_there.json()["detail"])
        )


def test_it_leads_a_limited_viewer_from_event_to_event_of_their_own(
    door: Door, events: dict[str, int]
) -> None:
    anna = door.person("anna", cameras=("front",))
    page = anna.get(f"/events/{events['front']}", headers=PAGE).text
    assert f"/events/{events[OTHER]}" not in page


def test_it_lets_an_agent_do_nothing_for_another_camera(door: Door, events: dict[str, int]) -> None:
    front, visitor = agent_of(door, "front"), door.stranger()
    other = f"/api/v1/events/{events[OTHER]}"
    said = lay_on_share(door.hub.settings.share_root, camera_id=OTHER).model_dump(mode="json")
    word: dict[str, Any] = {"status": "failed"}
    file = {"file_type": "image_a", "file_path": f"{OTHER}/pictures/1_a.jpg", "transferred": True}
    line = {"source": OTHER, "timestamp": "2026-03-01T12:00:00", "level": "INFO", "message": "x"}
    for method, path, body, codes in (
        ("POST", "/api/v1/cameras/register", camera(OTHER).model_dump(), {403}),
        ("POST", "/api/v1/events", said, {403}),
        ("PATCH", f"{other}/status", word, {404}),
        ("PATCH", f"{other}/files", file, {404}),
        ("GET", other, None, {404}),
        ("GET", f"{other}/media/clip", None, {404}),
        ("GET", f"/api/v1/cameras/{OTHER}/stats", None, {404}),
        ("POST", "/api/v1/logs", [line], {422}),
        ("GET", f"/api/v1/logs?source={OTHER}", None, {403}),
    ):
        answer = visitor.request(method, path, json=body, headers=front)
        assert answer.status_code in codes, (method, path, answer.status_code)
    listed = visitor.get("/api/v1/events", headers=front).json()
    assert [event["camera_id"] for event in listed["events"]] == ["front"]


def test_it_notes_who_looked_at_footage_and_who_kept_it(door: Door, events: dict[str, int]) -> None:
    anna = door.person("anna")
    path = f"/api/v1/events/{events[OTHER]}/media/clip"
    for _ in range(5):
        assert anna.get(path, headers={"Range": "bytes=0-9"}).status_code == 206
    kept = anna.get(f"{path}?download=true")
    name = kept.headers["Content-Disposition"]
    assert name.startswith(f'attachment; filename="{OTHER}_2026-03-01_')
    actions = [one.action for one in door.told() if one.action.startswith("footage")]
    assert sorted(actions) == ["footage.downloaded", "footage.viewed"]
