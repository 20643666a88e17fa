"""The gallery over HTTP: paging, filters, what is remembered, and what hostile text does."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from central.accounts.asker import SESSION_COOKIE
from central.accounts.login import log_in
from central.accounts.users import ensure_admin
from central.app import make_app
from central.cameras import registry
from central.context import Hub
from central.events import register
from central.settings import Settings
from database.engine import Database
from tests.fakes.events import NOON, camera, manifest
from web.pages.gallery import CAMERA_COOKIE, PAGE_LENGTH

PAGE = {"Accept": "text/html"}
PASSWORD = "correct horse"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def hub(database: Database) -> Hub:
    settings = Settings(timezone="Europe/Berlin", admin_password=PASSWORD)
    made = Hub(settings, database, lambda: NOON + timedelta(minutes=5))
    ensure_admin(made)
    for camera_id, name in (("front", "Front door"), ("drive", "Driveway")):
        registry.register(database, camera(camera_id, name), NOON)
    return made


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(make_app(hub), follow_redirects=False, headers=PAGE) as opened:
        opened.cookies.set(SESSION_COOKIE, log_in(hub, "admin", PASSWORD) or "")
        yield opened


def add(hub: Hub, count: int, camera_id: str = "front", apart_s: float = 1800) -> list[int]:
    """Register events, newest first; return their ids."""
    return [
        register.register(
            hub.database,
            manifest(camera_id, NOON - timedelta(seconds=apart_s * number)),
            NOON,
        ).event_id
        for number in range(count)
    ]


def ids(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="event-(\d+)"', text)]


def whole(client: TestClient, start: str) -> tuple[list[int], list[str]]:
    """Follow the gallery to its end; return the ids and the day headings on the way."""
    text = client.get(start).text
    found, headings = ids(text), re.findall(r'<h2 class="day" data-day="([^"]+)"', text)
    while more := re.search(r'hx-get="([^"]+)"', text):
        text = client.get(more[1].replace("&amp;", "&")).text
        found += ids(text)
        headings += re.findall(r'<h2 class="day" data-day="([^"]+)"', text)
    return found, headings


def test_it_pages_through_every_event_once_with_each_day_named_once(
    client: TestClient, hub: Hub
) -> None:
    wanted = add(hub, 3 * PAGE_LENGTH + 1, apart_s=3000)
    found, headings = whole(client, "/")
    assert found == wanted
    assert len(headings) == len(set(headings)) == 3


def test_it_pages_through_events_of_the_same_moment(client: TestClient, hub: Hub) -> None:
    wanted = add(hub, 2 * PAGE_LENGTH + 3, apart_s=0)
    assert sorted(whole(client, "/")[0]) == sorted(wanted)


def test_it_keeps_the_filter_while_it_pages(client: TestClient, hub: Hub) -> None:
    wanted = add(hub, PAGE_LENGTH + 2, "drive")
    add(hub, 5, "front")
    assert whole(client, "/?camera=drive")[0] == wanted


def test_it_leads_to_older_events_without_script(client: TestClient, hub: Hub) -> None:
    wanted = add(hub, PAGE_LENGTH + 2)
    link = re.search(r'<a href="(/\?[^"]+)">Older events', client.get("/").text)
    assert link is not None
    older = client.get(link[1].replace("&amp;", "&")).text
    assert ids(older) == wanted[PAGE_LENGTH:]
    assert "Back to the newest events" in older


def test_it_shows_one_local_day(client: TestClient, hub: Hub) -> None:
    wanted = add(hub, 60)
    found, headings = whole(client, "/?day=2026-03-01")
    assert headings == ["2026-03-01"]
    assert found == wanted[:27]  # 13:00 in Berlin back to midnight, every half hour


@pytest.mark.parametrize("day", ["x", "2026-13-01", "20260301", "2026-03-01%00"])
def test_it_answers_an_impossible_day_with_a_page(client: TestClient, day: str) -> None:
    answer = client.get(f"/?day={day}")
    assert answer.status_code == 422
    assert "All events" in answer.text


def test_it_remembers_the_camera_until_all_are_chosen_again(client: TestClient, hub: Hub) -> None:
    front, drive = add(hub, 1, "front"), add(hub, 1, "drive")
    client.get("/?camera=drive")
    assert ids(client.get("/").text) == drive
    assert ids(client.get("/?day=2026-03-01").text) == drive
    client.get("/?camera=")
    assert sorted(ids(client.get("/").text)) == sorted(front + drive)


def test_it_forgets_a_remembered_camera_that_is_gone(client: TestClient, hub: Hub) -> None:
    front = add(hub, 1, "front")
    client.cookies.set(CAMERA_COOKIE, "sold")
    assert ids(client.get("/").text) == front
    assert "There is no camera of that name" in client.get("/?camera=sold").text


def test_it_never_lets_a_camera_s_name_add_to_an_address(client: TestClient, hub: Hub) -> None:
    add(hub, PAGE_LENGTH + 1)
    text = client.get("/?camera=x%26day%3D2020-01-01%22%3E").text
    assert "&day=2020" not in text
    assert 'value="x&amp;day=2020-01-01&#34;&gt;"' in text


def test_it_says_what_will_happen_when_nothing_has_happened_yet(client: TestClient) -> None:
    text = client.get("/").text
    assert "Nothing has moved yet" in text
    assert "2 cameras are known to the hub" in text


def test_it_keeps_hostile_names_and_reasons_inert(client: TestClient, hub: Hub) -> None:
    registry.register(hub.database, camera("front", EVIL), NOON)
    said = manifest()
    trigger = said.trigger.model_copy(update={"reason": EVIL, "zones": [EVIL]})
    told = said.model_copy(update={"trigger": trigger})
    event_id = register.register(hub.database, told, NOON).event_id
    for path in ("/", "/?camera=front", f"/events/{event_id}", f"/events/{event_id}/card"):
        text = client.get(path).text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_it_contains_no_script_or_style_of_its_own(client: TestClient, hub: Hub) -> None:
    (event_id,) = add(hub, 1)
    for path in ("/", f"/events/{event_id}", "/login", "/?day=x"):
        text = client.get(path).text
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)


def test_it_sends_strangers_to_the_login_and_back(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.get("/?camera=drive")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2F%3Fcamera%3Ddrive"
