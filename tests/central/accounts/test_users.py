"""Users: made, changed, limited to cameras, deleted with all that is theirs."""

import threading
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.accounts import users
from central.accounts.users import Wanted
from central.audit.log import COMMAND
from central.cameras import registry
from central.errors import BadRequest, Conflict, GatehouseError
from database.models import ApiToken, Base, Camera, User, UserCamera, UserSession
from tests.fakes.door import PAGE, PASSWORD, Door, secret_of
from tests.fakes.events import NOON, camera


@pytest.fixture
def cameras(door: Door) -> None:
    for camera_id in ("front", "back"):
        registry.register(door.hub.database, camera(camera_id), NOON)


@pytest.mark.usefixtures("cameras")
def test_it_limits_a_user_to_cameras_and_frees_them_again(door: Door) -> None:
    made = users.add(door.hub, COMMAND, "anna", "viewer", PASSWORD, ("front",))
    assert made.cameras == ("front",)
    changed = users.change(door.hub, COMMAND, made.id, Wanted(cameras=("back", "front")))
    assert changed.cameras == ("back", "front")
    assert users.change(door.hub, COMMAND, made.id, Wanted(cameras=())).cameras == ()
    assert users.change(door.hub, COMMAND, made.id, Wanted(cameras="all")).cameras is None
    with pytest.raises(BadRequest, match="no camera nowhere"):
        users.change(door.hub, COMMAND, made.id, Wanted(cameras=("nowhere",)))


@pytest.mark.usefixtures("cameras")
def test_it_gives_no_right_to_a_new_camera_of_an_old_name(door: Door) -> None:
    made = users.add(door.hub, COMMAND, "anna", "viewer", PASSWORD, ("front",))
    rows = Base.metadata.tables["camera"]
    door.hub.database.write(
        lambda session: session.execute(rows.delete().where(Camera.camera_id == "front"))
    )
    registry.register(door.hub.database, camera("front"), NOON)
    with door.hub.database.reading() as session:
        assert users.one(session, made.id).cameras == ()
        assert session.scalar(select(func.count()).select_from(UserCamera)) == 0


@pytest.mark.usefixtures("cameras")
def test_it_shows_a_limited_viewer_their_cameras_alone(door: Door) -> None:
    anna = door.person("anna", cameras=("front",))
    assert [one["camera_id"] for one in anna.get("/api/v1/cameras").json()] == ["front"]
    assert anna.get("/", headers=PAGE).status_code == 200
    assert anna.get("/api/v1/events?camera_id=back").json()["total"] == 0


@pytest.mark.parametrize(
    ("name", "role", "password", "error"),
    [
        ("", "viewer", PASSWORD, BadRequest),
        ("x" * 51, "viewer", PASSWORD, BadRequest),
        ("<script>", "viewer", PASSWORD, BadRequest),
        ("an\nna", "viewer", PASSWORD, BadRequest),
        ("anna", "root", PASSWORD, BadRequest),
        ("anna", "viewer", "short", BadRequest),
        ("anna anna an", "viewer", "Anna Anna An", BadRequest),
        ("anna", "viewer", "aaaaaaaaaaaa", BadRequest),
        ("anna", "viewer", "x" * 1001, BadRequest),
        ("ADMIN", "viewer", PASSWORD, Conflict),
    ],
)
def test_it_refuses_what_no_user_may_be(
    door: Door, name: str, role: str, password: str, error: type[GatehouseError]
) -> None:
    with pytest.raises(error):
        users.add(door.hub, COMMAND, name, role, password)


def test_it_makes_one_of_two_users_of_a_name_at_once(door: Door) -> None:
    results: list[Any] = []

    def make() -> None:
        try:
            results.append(users.add(door.hub, COMMAND, "anna", "viewer", PASSWORD).name)
        except Conflict:
            results.append("conflict")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["anna", "conflict", "conflict", "conflict"]


def test_it_keeps_an_admin_when_two_remove_each_other_at_once(door: Door) -> None:
    first = door.entered("admin").get("/api/v1/account").json()["id"]
    second = users.add(door.hub, COMMAND, "bob", "admin", PASSWORD).id
    refused: list[str] = []

    def remove_second() -> None:
        try:
            users.remove(door.hub, COMMAND, second)
        except Conflict as error:
            refused.append(str(error))

    other = threading.Thread(target=remove_second)

    def remove_first(session: Session) -> None:
        users.must_leave_an_admin(session, first)
        session.execute(delete(User).where(User.id == first))
        other.start()
        other.join(1.0)  # it has to wait for us: had it counted admins now, none would be left

    door.hub.database.write(remove_first)
    other.join(30)
    with door.hub.database.reading() as session:
        assert list(session.scalars(select(User.name))) == ["bob"]
    assert "last admin" in refused[0]


def test_it_deletes_logins_and_tokens_with_their_user(door: Door) -> None:
    anna = door.person("anna", "admin")
    anna.call("POST", "/api/v1/account/tokens", {"name": "x", "scopes": ["audit:read"]})
    known = anna.get("/api/v1/account").json()["id"]
    users.remove(door.hub, COMMAND, known)
    with door.hub.database.reading() as session:
        for table in (UserSession, ApiToken):
            rows = session.scalars(select(table).where(table.user == known))
            assert rows.all() == []
    assert [entry.object_id for entry in door.told("user.deleted")] == ["anna"]


@pytest.mark.usefixtures("cameras")
def test_it_makes_and_changes_users_on_the_pages(door: Door) -> None:
    admin = door.entered("admin")
    page = admin.submit("/users/add", name="carl", role="viewer", cameras="some", camera=["front"])
    password = secret_of(page.text, "password")
    assert door.stranger().log_in("carl", password).status_code == 303
    with door.hub.database.reading() as session:
        carl = users.named(session, "carl")
    assert carl is not None
    address = f"/users/{carl.id}"
    shown = admin.get(address, headers=PAGE).text
    assert 'value="front" checked' in shown
    told = {"name": "carl", "role": "operator", "cameras": "all", "enabled": "yes"}
    assert admin.submit(f"{address}/change", **told).status_code == 303
    with door.hub.database.reading() as session:
        facts = users.one(session, carl.id)
    assert (facts.role, facts.cameras, facts.enabled) == ("operator", None, True)
    fresh = secret_of(admin.submit(f"{address}/password").text, "password")
    assert door.stranger().log_in("carl", password).status_code == 401
    assert door.stranger().log_in("carl", fresh).status_code == 303
    assert admin.submit(f"{address}/delete").status_code == 303
    assert admin.get(address, headers=PAGE).status_code == 404


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/users/add", {"name": "<b>", "role": "viewer"}, "A name has 1 to 50 letters"),
        ("/users/add", {"name": "x", "role": "root"}, "is no role"),
        ("/account/password", {"old": "x", "new": "a", "again": "b"}, "passwords differ"),
        (
            "/account/password",
            {"old": "x", "new": "new password 1", "again": "new password 1"},
            "The password is wrong.",
        ),
        ("/account/tokens/make", {"name": "x", "days": "many"}, "whole number"),
        ("/account/tokens/enrol", {"camera_id": "../x", "name": "x"}, "A camera id has"),
        ("/account/second-step", {"code": "000000"}, "phone shows now"),
    ],
)
def test_it_says_on_the_page_what_was_wrong(
    door: Door, path: str, fields: dict[str, str], sentence: str
) -> None:
    admin = door.entered("admin")
    admin.get("/account/second-step", headers=PAGE)
    answer = admin.submit(path, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<b>" not in answer.text
