"""The audit log: stands with its change, tells of footage once, is searched, exported, and kept."""

import ast
import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from central.accounts import users
from central.audit import log
from central.audit.log import COMMAND, Actor
from central.audit.views import Views
from central.context import Hub
from central.errors import Conflict
from nfs.layout import FileKind
from tests.central.conftest import SetClock
from tests.fakes.door import PAGE, PASSWORD, Door

ANNA = Actor("person", "anna", "192.0.2.1")
ROOT = Path(__file__).parents[3]


def write(door: Door, action: str, about: str = "", actor: Actor = ANNA) -> None:
    hub = door.hub
    hub.database.write(
        lambda session: log.record(session, hub.clock(), actor, action, "thing", about)
    )


def test_it_tells_of_nothing_that_did_not_happen(door: Door) -> None:
    before = len(door.told())

    def fails(session: Session) -> None:
        log.record(session, door.hub.clock(), ANNA, "user.created")
        raise Conflict("no")

    with pytest.raises(Conflict):
        door.hub.database.write(fails)
    with pytest.raises(Conflict):
        users.add(door.hub, COMMAND, "admin", "viewer", PASSWORD)
    assert len(door.told()) == before


def test_it_tells_of_logins_and_changes_with_name_address_and_request(door: Door) -> None:
    admin = door.entered("admin")
    admin.call("POST", "/api/v1/users", {"name": "anna", "role": "viewer", "password": PASSWORD})
    answer = admin.patch(
        "/api/v1/account",
        json={"name": "chief"},
        headers={"X-CSRF-Token": admin.csrf, "X-Request-Id": "abc-1"},
    )
    assert answer.status_code == 200
    changed, made, entered, *_ = door.told()
    assert (entered.action, entered.actor, entered.address) == ("login.ok", "admin", "testclient")
    assert (made.action, made.actor, made.object_id) == ("user.created", "admin", "anna")
    assert changed.detail == {"name": ["admin", "chief"]}
    assert changed.request_id == "abc-1"


def test_it_tells_of_footage_once_in_ten_minutes(door: Door, clock: SetClock, hub: Hub) -> None:
    views, other_process = Views(), Views()
    for _ in range(50):
        for seen in (views, other_process):
            seen.note(hub, ANNA, 7, "front", FileKind.MP4)
    views.note(hub, ANNA, 7, "front", FileKind.STILL_A)
    views.note(hub, ANNA, 8, "front", FileKind.MP4)
    views.note(hub, Actor("person", "ben"), 7, "front", FileKind.MP4)
    views.note(hub, ANNA, 7, "front", FileKind.MP4, downloaded=True)
    assert len(door.told("footage.viewed")) == 4
    assert len(door.told("footage.downloaded")) == 1
    for number in range(30):
        views.note(hub, ANNA, number, "front", FileKind.THUMBNAIL)
    assert [entry.object_id for entry in door.told("footage.browsed")] == ["front"]
    clock.move(minutes=10)
    views.note(hub, ANNA, 7, "front", FileKind.MP4)
    assert len(door.told("footage.viewed")) == 5


def test_it_forgets_by_age_alone_and_says_so(door: Door, clock: SetClock) -> None:
    write(door, "old.thing")
    clock.move(days=300)
    write(door, "newer.thing")
    clock.move(days=66)
    dropped = door.hub.database.write(
        lambda session: log.forget_old(session, door.hub.clock(), 365)
    )
    assert dropped >= 1
    assert door.told("old.") == []
    assert len(door.told("newer.")) == 1
    assert door.told("audit.expired")[0].detail["dropped"] == dropped  # type: ignore[index]


def test_it_can_be_searched_on_the_page_and_by_programs(door: Door) -> None:
    admin = door.entered("admin")
    write(door, "camera.changed", "front")
    write(door, "camera.deleted", "back", Actor("person", "ben"))
    for query, found in (
        ("actor=ben", ["camera.deleted"]),
        ("action=camera.", ["camera.deleted", "camera.changed"]),
        ("about=thing:front", ["camera.changed"]),
        ("about=front", ["camera.changed"]),
        ("about=other:front", []),
        ("outcome=refused", []),
        ("action=camera.&until=2020-01-01T00:00:00Z", []),
        ("action=%25", []),
    ):
        entries = admin.get(f"/api/v1/audit?{query}").json()["entries"]
        assert [entry["action"] for entry in entries] == found, query
    page = admin.get("/audit?actor=ben&day=2026-03-01", headers=PAGE).text
    assert "camera: deleted, thing back" in page
    assert "camera: changed" not in page
    assert "<strong>admin</strong> logged in" in admin.get("/audit", headers=PAGE).text


def test_it_is_leafed_through_without_gap_or_repeat(door: Door) -> None:
    admin = door.entered("admin")
    for number in range(120):
        write(door, "leaf.turned", str(number))
    seen: list[str] = []
    address = "/api/v1/audit?action=leaf.&limit=50"
    before = ""
    while True:
        answer = admin.get(address + before).json()
        seen += [entry["object_id"] for entry in answer["entries"]]
        if answer["next"] is None:
            break
        before = f"&before={answer['next']}"
    assert seen == [str(number) for number in reversed(range(120))]
    assert "Older entries" in admin.get("/audit?action=leaf.turned", headers=PAGE).text


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x")']
)
def test_it_exports_no_cell_that_a_spreadsheet_runs(door: Door, name: str) -> None:
    admin = door.entered("admin")
    write(door, "thing.named", name, Actor("person", name))
    answer = admin.get("/api/v1/audit/export?action=thing.named")
    assert answer.headers["content-type"].startswith("text/csv")
    heading, row = list(csv.reader(io.StringIO(answer.text)))
    told = dict(zip(heading, row, strict=True))
    assert told["actor"] == told["object_id"] == f"'{name}"
    assert not any(cell.lstrip()[:1] in ("=", "+", "-", "@") for cell in row if cell)


def test_it_exports_json_lines_as_they_are(door: Door) -> None:
    admin = door.entered("admin")
    write(door, "thing.named", "=1+1")
    lines = admin.get("/api/v1/audit/export?format=jsonl").text.splitlines()
    told = [json.loads(line) for line in lines]
    assert told[1]["object_id"] == "=1+1"
    assert told[0]["action"] == "audit.exported"


def test_it_is_for_admins(door: Door) -> None:
    for role in ("viewer", "operator"):
        visitor = door.person(f"one {role}", role)
        for path in ("/audit", "/api/v1/audit", "/api/v1/audit/export"):
            assert visitor.get(path, headers=PAGE).status_code == 403


def test_it_is_changed_by_nothing_in_the_code() -> None:
    """Only `central/audit/log.py` writes its rows, and the one delete there is by age."""
    for path in [*(ROOT / "central").rglob("*.py"), *(ROOT / "web").rglob("*.py")]:
        calls = [
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        mentions = "AuditEntry" in path.read_text()
        name = path.relative_to(ROOT).as_posix()
        if name == "central/audit/log.py":
            assert calls.count("delete") == 1
            assert calls.count("update") == 0
        elif mentions:
            assert name == "central/audit/query.py"
            assert not {"delete", "update", "insert"} & set(calls)
