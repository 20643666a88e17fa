"""The hub over real HTTP semantics: who may do what, what bad input gets, how media is served."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central.accounts import agent_tokens
from central.accounts.asker import SESSION_COOKIE
from central.accounts.tokens import form_token
from central.accounts.users import ensure_admin
from central.app import make_app
from central.context import Hub
from central.events import register
from central.settings import Settings
from nfs.layout import FileKind
from tests.central.conftest import SetClock
from tests.fakes.events import NOON, camera, lay_on_share, manifest

PAGE = {"Accept": "text/html"}
PASSWORD = "correct horse"


@pytest.fixture
def hub(hub: Hub) -> Hub:
    told = hub.settings.model_copy(update={"admin_password": PASSWORD})
    return Hub(told, hub.database, hub.clock)


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    ensure_admin(hub)
    with TestClient(make_app(hub), follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def bearer(hub: Hub, tmp_path: Path) -> dict[str, str]:
    agent_tokens.issue(hub, "front", tmp_path / "token")
    token = (tmp_path / "token").read_text().strip()
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def log_in(client: TestClient, **extra: str) -> Any:
    return client.post("/login", data={"name": "admin", "password": PASSWORD, **extra})


def post_event(client: TestClient, hub: Hub, bearer: dict[str, str]) -> dict[str, Any]:
    client.post("/api/v1/cameras/register", json=camera().model_dump(), headers=bearer)
    said = lay_on_share(hub.settings.share_root)
    answer = client.post("/api/v1/events", content=said.model_dump_json(), headers=bearer)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "path",
    ["/", "/events/1", "/events/1/card", "/events/1/stages", "/events/1/player", "/gallery/more"],
)
def test_it_sends_strangers_to_the_login_and_back(client: TestClient, path: str) -> None:
    answer = client.get(path + "?before=x", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/events", "/api/v1/events/1", "/api/v1/events/1/media/mp4", "/api/v1/cameras"],
)
def test_it_tells_strange_programs_to_log_in(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "detail" in answer.json()


def test_it_logs_in_and_out(client: TestClient) -> None:
    answer = log_in(client, next="/events/5")
    assert (answer.status_code, answer.headers["location"]) == (303, "/events/5")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/", headers=PAGE).status_code == 200
    token = client.cookies[SESSION_COOKIE]
    client.post("/logout", data={"csrf": form_token(token)})
    client.cookies.set(SESSION_COOKIE, token)
    assert client.get("/", headers=PAGE).status_code == 303


def test_it_ends_a_session_when_its_time_is_over(client: TestClient, clock: SetClock) -> None:
    log_in(client)
    clock.move(days=31)
    assert client.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [("admin", "wrong"), ("nobody", PASSWORD), ("", ""), ("admin\0", "\ud7ff")],
)
def test_it_refuses_a_wrong_login(client: TestClient, name: str, password: str) -> None:
    answer = client.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "wrong" in answer.text


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "\r/"]
)
def test_it_never_leads_elsewhere_after_the_login(client: TestClient, address: str) -> None:
    assert log_in(client, next=address).headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_it_does_nothing_in_a_users_name_for_a_foreign_page(
    client: TestClient, headers: dict[str, str]
) -> None:
    log_in(client)
    assert client.post("/logout", headers=headers).status_code == 403
    assert client.get("/", headers=PAGE).status_code == 200


def test_it_makes_one_event_of_a_repeat_and_answers_200(
    client: TestClient, hub: Hub, bearer: dict[str, str]
) -> None:
    client.post("/api/v1/cameras/register", json=camera().model_dump(), headers=bearer)
    said = manifest().model_dump_json()
    first = client.post("/api/v1/events", content=said, headers=bearer)
    again = client.post("/api/v1/events", content=said, headers=bearer)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


def test_it_lets_an_agent_speak_for_its_own_camera_only(
    client: TestClient, hub: Hub, bearer: dict[str, str]
) -> None:
    other = camera("back").model_dump()
    assert client.post("/api/v1/cameras/register", json=other, headers=bearer).status_code == 403
    said = manifest("back").model_dump_json()
    assert client.post("/api/v1/events", content=said, headers=bearer).status_code == 403


def test_it_shows_an_agent_its_own_events_only(
    client: TestClient, hub: Hub, bearer: dict[str, str], tmp_path: Path
) -> None:
    mine = post_event(client, hub, bearer)
    agent_tokens.issue(hub, "back", tmp_path / "other")
    other = {"Authorization": f"Bearer {(tmp_path / 'other').read_text().strip()}"}
    assert client.get("/api/v1/events", headers=other).json()["events"] == []
    for path in (f"/api/v1/events/{mine['id']}", f"/api/v1/events/{mine['id']}/media/clip"):
        assert client.get(path, headers=other).status_code == 404
        assert client.get(path, headers=bearer).status_code == 200


def test_it_refuses_a_token_that_was_replaced(
    client: TestClient, hub: Hub, bearer: dict[str, str], tmp_path: Path
) -> None:
    client.post("/api/v1/cameras/register", json=camera().model_dump(), headers=bearer)
    agent_tokens.issue(hub, "front", tmp_path / "newer")
    time.sleep(agent_tokens.BELIEVED_S)
    answer = client.post("/api/v1/cameras/register", json=camera().model_dump(), headers=bearer)
    assert answer.status_code == 401


def test_it_lets_tokenless_agents_in_only_when_access_is_open(client: TestClient, hub: Hub) -> None:
    body = camera().model_dump()
    assert client.post("/api/v1/cameras/register", json=body).status_code == 401
    told = Settings(home=hub.settings.home, agent_access="open", timezone="UTC")
    opened = make_app(Hub(told, hub.database, hub.clock))
    with TestClient(opened, client=("127.0.0.1", 5)) as near:
        assert near.post("/api/v1/cameras/register", json=body).status_code == 200
        assert near.get("/", headers=PAGE, follow_redirects=False).status_code == 303
    with TestClient(opened, client=("192.0.2.7", 5)) as far:
        assert far.post("/api/v1/cameras/register", json=body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"uid": 5}',
        manifest().model_dump_json().replace("3.5", "NaN").encode(),
        manifest().model_dump_json().replace("3.5", "1e999").encode(),
        manifest().model_dump_json().replace('"front"', '"front\\n"').encode(),
        manifest()
        .model_dump_json()
        .replace("2026-03-01T12:00:00Z", "2026-03-01T12:00:00")
        .encode(),
        b"[" * 100_000,
        b"\xff\xfe",
    ],
    ids=[
        *("nothing", "cut off", "list", "null", "text", "wrong type", "NaN", "infinite"),
        *("newline in the id", "no zone", "deep", "no UTF-8"),
    ],
)
def test_it_answers_bad_input_clearly_and_stores_nothing(
    client: TestClient, hub: Hub, bearer: dict[str, str], body: bytes
) -> None:
    client.post("/api/v1/cameras/register", json=camera().model_dump(), headers=bearer)
    answer = client.post("/api/v1/events", content=body, headers=bearer)
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]
    assert client.get("/api/v1/events", headers=bearer).json()["events"] == []


def test_it_serves_media_whole_and_by_ranges(
    client: TestClient, hub: Hub, bearer: dict[str, str]
) -> None:
    event = post_event(client, hub, bearer)
    clip = (hub.settings.share_root / "front").rglob("*_clip.h264")
    data = next(clip).read_bytes()
    address = f"/api/v1/events/{event['id']}/media/clip"
    whole = client.get(address, headers=bearer)
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(data)
    for asked, part in (
        ("bytes=0-99", data[:100]),
        ("bytes=100-", data[100:]),
        ("bytes=-50", data[-50:]),
        (f"bytes=10-{size + 500}", data[10:]),
    ):
        answer = client.get(address, headers=bearer | {"Range": asked})
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["content-range"].endswith(f"/{size}")
    beyond = client.get(address, headers=bearer | {"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    for odd in ("bytes=5-2", "bytes=", "bytes=a-b", "items=0-1", "bytes=" + "0-1," * 10_000):
        assert client.get(address, headers=bearer | {"Range": odd}).status_code == 200
    known = client.get(address, headers=bearer | {"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = client.head(address, headers=bearer)
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_it_never_follows_a_link_or_opens_anything_but_a_plain_file(
    client: TestClient, hub: Hub, bearer: dict[str, str]
) -> None:
    event = post_event(client, hub, bearer)
    (clip,) = (hub.settings.share_root / "front").rglob("*_clip.h264")
    address = f"/api/v1/events/{event['id']}/media/clip"
    secret = hub.settings.home / "secret"
    secret.write_text("secret")
    spoils: list[Callable[[], None]] = [
        lambda: clip.symlink_to(secret),
        lambda: clip.hardlink_to(secret),
        lambda: os.mkfifo(clip),
        clip.mkdir,
    ]
    for spoil in spoils:
        clip.unlink(missing_ok=True)
        spoil()
        assert client.get(address, headers=bearer).status_code == 404
    clip.rmdir()
    clip.write_text("secret")
    assert client.get(address, headers=bearer).status_code == 200
    folder = clip.parent
    folder.rename(hub.settings.home / "moved")
    folder.symlink_to(hub.settings.home / "moved")
    assert client.get(address, headers=bearer).status_code in (404, 503)


def test_it_says_that_it_is_healthy_without_a_login(client: TestClient) -> None:
    for path in ("/health", "/api/v1/health"):
        told = client.get(path).json()
        assert told["status"] == "healthy"
        assert told["database"] == "connected"


def test_it_tells_programs_what_it_is_and_people_the_gallery(client: TestClient) -> None:
    assert {"message", "version", "docs", "redoc", "health"} <= set(client.get("/").json())
    log_in(client)
    assert "Events" in client.get("/", headers=PAGE).text


def test_it_sends_safe_headers_with_everything(client: TestClient) -> None:
    for path in ("/login", "/health", "/static/live.js", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_it_keeps_hostile_text_inert(client: TestClient, hub: Hub, bearer: dict[str, str]) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    body = camera().model_dump() | {"name": evil, "location": evil}
    client.post("/api/v1/cameras/register", json=body, headers=bearer)
    said = manifest()
    trigger = said.trigger.model_copy(update={"reason": evil, "zones": [evil]})
    told = said.model_copy(update={"trigger": trigger})
    done = register.register(hub.database, told, NOON)
    log_in(client)
    for path in ("/", f"/events/{done.event_id}", f"/events/{done.event_id}/card"):
        text = client.get(path, headers=PAGE).text
        assert "&lt;script&gt;" in text.lower()
        assert "<script>alert" not in text.lower()
        assert "<img src=x" not in text.lower()


HUGE = 10**30
HUGE_CURSOR = "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgMTAwMDAwMDAwMDAwMDAwMDAwMDAwMF0"


@pytest.mark.parametrize(
    "path",
    [
        *("/events/999", "/events/x", "/?before=x", "/?day=2026-13-01"),
        *(f"/events/{HUGE}", f"/events/-{HUGE}", f"/api/v1/events/{HUGE}"),
        *(f"/api/v1/events/{HUGE}/media/mp4", f"/?before={HUGE_CURSOR}"),
    ],
)
def test_it_answers_what_does_not_exist_with_a_4xx(client: TestClient, path: str) -> None:
    log_in(client)
    assert 400 <= client.get(path, headers=PAGE).status_code < 500


def test_it_knows_every_kind_of_file_it_may_serve() -> None:
    from central.media.serve import MEDIA_TYPES

    assert set(MEDIA_TYPES) == set(FileKind)
