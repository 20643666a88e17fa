"""Logging in over HTTP: what is refused, where one goes afterwards, how the cookie is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from central.accounts.asker import SESSION_COOKIE
from central.accounts.tokens import form_token
from central.accounts.users import ensure_admin
from central.app import make_app
from central.context import Hub
from central.settings import Settings
from database.engine import Database
from tests.fakes.events import NOON
from web.pages.login import LONGEST, local

PAGE = {"Accept": "text/html"}
PASSWORD = "correct horse"


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    hub = Hub(Settings(home=tmp_path, admin_password=PASSWORD), database, lambda: NOON)
    ensure_admin(hub)
    with TestClient(make_app(hub), follow_redirects=False, headers=PAGE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("admin", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("x" * (LONGEST + 1), PASSWORD),
        ("admin", "x" * 100_000),
        ("<script>", "\x00"),
    ],
)
def test_it_says_the_same_of_a_wrong_password_and_an_unknown_name(
    client: TestClient, name: str, password: str
) -> None:
    answer = client.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")
    assert "<script>" not in answer.text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_hides_the_cookie_from_scripts_and_from_plain_lines(
    client: TestClient, scheme: str
) -> None:
    answer = client.post(
        f"{scheme}://testserver/login", data={"name": "admin", "password": PASSWORD}
    )
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 303
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert ("secure" in cookie) is (scheme == "https")


@pytest.mark.parametrize("address", ["/", "/events/7", "/?camera=front&day=2026-03-01"])
def test_it_goes_on_to_where_one_wanted_to_go(client: TestClient, address: str) -> None:
    told = {"name": "admin", "password": PASSWORD, "next": address}
    assert client.post("/login", data=told).headers["location"] == address


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "//[",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/caf\u00e9",
    ],
)
def test_it_never_leads_to_another_site(client: TestClient, address: str) -> None:
    assert local(address) == "/"
    assert 'name="next" value="/"' in client.get("/login", params={"next": address}).text
    told = {"name": "admin", "password": PASSWORD, "next": address}
    assert client.post("/login", data=told).headers["location"] == "/"


def test_it_ends_the_session_for_good(client: TestClient) -> None:
    client.post("/login", data={"name": "admin", "password": PASSWORD})
    token = client.cookies[SESSION_COOKIE]
    assert client.get("/").status_code == 200
    told = {"csrf": form_token(token)}
    assert client.post("/logout", data=told).headers["location"] == "/login"
    client.cookies.set(SESSION_COOKIE, token)
    assert client.get("/").headers["location"].startswith("/login")
