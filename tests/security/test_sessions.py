"""Attacks on sessions: forged, fixed, kept after they should have ended."""

import pytest

from central.accounts.asker import SAFE_COOKIE, SESSION_COOKIE
from central.accounts.tokens import form_token, token_hash
from database.models import UserSession
from tests.central.conftest import SetClock
from tests.fakes.door import PAGE, PASSWORD, Door, Visitor

NEW = "another horse battery"


def is_in(visitor: Visitor) -> bool:
    return bool(visitor.get("/api/v1/account").status_code == 200)


@pytest.mark.parametrize(
    "forged", ["1", "admin", "x" * 43, '{"user":1}', "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "'--"]
)
def test_it_takes_no_cookie_it_did_not_give(door: Door, forged: str) -> None:
    assert is_in(door.entered("admin"))
    visitor = door.stranger()
    visitor.cookies.set(SESSION_COOKIE, forged)
    assert not is_in(visitor)


def test_it_does_not_take_the_stored_hash_for_the_token(door: Door) -> None:
    token = door.entered("admin").session
    thief = door.stranger()
    thief.cookies.set(SESSION_COOKIE, token_hash(token))
    assert not is_in(thief)
    with door.hub.database.reading() as session:
        stored = [row.token_sha256 for row in session.query(UserSession)]
    assert token not in stored


def test_it_gives_a_new_session_at_login_whatever_was_there_before(door: Door) -> None:
    visitor = door.stranger()
    fixed = "chosen-by-somebody-else"
    told = {"name": "admin", "password": PASSWORD}
    visitor.post("/login", data=told, headers={"Cookie": f"{SESSION_COOKIE}={fixed}"})
    first = visitor.session
    assert first != fixed
    visitor.log_in("admin")
    assert visitor.session != first
    thief = door.stranger()
    thief.cookies.set(SESSION_COOKIE, first)
    assert not is_in(thief)


def test_it_ends_every_other_login_when_the_password_changes(door: Door) -> None:
    here, there = door.person("anna"), door.entered("anna")
    program = there.token_pair("anna").json()
    answer = here.submit("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.status_code == 303
    assert is_in(here)
    assert not is_in(there)
    stranger = door.stranger()
    assert stranger.call("GET", "/api/v1/account", token=program["access_token"]).status_code == 401
    refreshed = stranger.post(
        "/api/v1/auth/refresh", json={"refresh_token": program["refresh_token"]}
    )
    assert refreshed.status_code == 401
    assert stranger.log_in("anna").status_code == 401
    assert stranger.log_in("anna", NEW).status_code == 303


def test_it_ends_after_its_time_and_when_nobody_uses_it(door: Door, clock: SetClock) -> None:
    busy, idle = door.person("anna"), door.person("ben")
    for _ in range(29):
        clock.move(days=1)
        assert is_in(busy)
    assert not is_in(idle)
    clock.move(days=1, seconds=1)
    assert not is_in(busy)


def test_it_lets_a_disabled_user_do_nothing_more(door: Door) -> None:
    admin, anna = door.entered("admin"), door.person("anna", "admin")
    program = anna.token_pair("anna").json()["access_token"]
    body = {"name": "x", "scopes": ["audit:read"]}
    token = anna.call("POST", "/api/v1/account/tokens", body).json()["token"]
    known = anna.get("/api/v1/account").json()["id"]
    assert admin.call("PATCH", f"/api/v1/users/{known}", {"enabled": False}).status_code == 200
    assert not is_in(anna)
    assert anna.call("GET", "/api/v1/account", token=program).status_code == 401
    assert anna.call("GET", "/api/v1/audit", token=token).status_code == 401
    assert anna.log_in("anna").status_code == 401


def test_it_shows_a_person_only_their_own_logins(door: Door) -> None:
    anna, ben = door.person("anna"), door.person("ben")
    (bens,) = ben.get("/api/v1/account/sessions").json()
    assert anna.call("DELETE", f"/api/v1/account/sessions/{bens['id']}").status_code == 404
    assert anna.submit("/account/sessions/end", id=bens["id"]).status_code == 303
    assert is_in(ben)
    assert len(anna.get("/api/v1/account/sessions").json()) == 1


def test_it_logs_out_everywhere_else(door: Door) -> None:
    here = door.person("anna")
    others = [door.entered("anna") for _ in range(3)]
    assert here.submit("/account/sessions/end-others").status_code == 303
    assert is_in(here)
    assert not any(is_in(other) for other in others)


def test_it_binds_the_cookie_to_the_host_on_a_safe_line(door: Door) -> None:
    visitor = door.stranger()
    answer = visitor.post("https://testserver/login", data={"name": "admin", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SAFE_COOKIE}=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    thief = door.stranger()
    thief.cookies.set(SESSION_COOKIE, token)
    # A cookie that any neighbour's page could have set counts for nothing on a safe line.
    assert thief.get("https://testserver/api/v1/account").status_code == 401


def test_it_needs_the_form_token_of_this_very_session(door: Door) -> None:
    anna, ben = door.person("anna"), door.person("ben")
    for csrf in ("", "x", ben.csrf, form_token("")):
        answer = anna.post("/account/name", data={"csrf": csrf, "name": "mallory"})
        assert answer.status_code == 403
        assert anna.get("/api/v1/account").json()["name"] == "anna"
    assert anna.submit("/account/name", name="anna b").status_code == 303


def test_it_needs_the_form_token_for_the_api_as_well(door: Door) -> None:
    anna = door.person("anna")
    assert anna.patch("/api/v1/account", json={"name": "mallory"}).status_code == 403
    assert anna.call("PATCH", "/api/v1/account", {"name": "anna b"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/account/name", "/login", "/first-run", "/login/code"])
def test_it_takes_no_form_from_another_site(door: Door, headers: dict[str, str], path: str) -> None:
    anna = door.person("anna")
    told = {"csrf": anna.csrf, "name": "admin", "password": PASSWORD}
    answer = anna.post(path, data=told, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert anna.get("/api/v1/account").json()["name"] == "anna"


def test_it_puts_the_token_into_every_form_of_every_page(door: Door) -> None:
    admin = door.entered("admin")
    known = admin.get("/api/v1/account").json()["id"]
    pages = ["/account", "/account/second-step", "/account/sessions", "/account/tokens"]
    for path in [*pages, "/users", f"/users/{known}", "/audit"]:
        page = admin.get(path, headers=PAGE).text
        posts = page.split('method="post"')[1:]
        assert posts, path
        for form in posts:
            assert f'name="csrf" value="{admin.csrf}"' in form.split("</form>")[0], path
