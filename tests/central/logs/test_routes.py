"""Logs over the wire: what agents send, poisoned or not, and what is answered."""

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from central.app import make_app
from central.cameras import registry
from central.context import Hub
from central.logs.body import MOST_BYTES
from central.settings import Settings
from database.models import Camera
from tests.central.conftest import SetClock
from tests.fakes.events import camera

LOGS = "/api/v1/logs"
BERLIN = ZoneInfo("Europe/Berlin")
UID = "9116802f-6a42-4a52-9a0e-6a3d1b0f1c11"


def entry(**changed: Any) -> dict[str, Any]:
    """A line as an agent in Berlin says it: 12:59:58 there is 11:59:58 UTC; the clock says noon."""
    return {
        "source": "front",
        "timestamp": "2026-03-01T12:59:58",
        "level": "INFO",
        "message": "hello",
    } | changed


def send(client: TestClient, bearer: dict[str, str], body: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(LOGS, content=text, headers=bearer)


def messages(client: TestClient, headers: dict[str, str] | None = None, **wanted: Any) -> list[str]:
    answer = client.get(LOGS, params=wanted, headers=headers)
    assert answer.status_code == 200, answer.text
    return [line["message"] for line in answer.json()["logs"]]


def test_it_finds_by_default_what_an_agent_with_local_times_has_just_sent(
    client: TestClient, bearer: dict[str, str]
) -> None:
    answer = send(client, bearer, [entry(), entry(message="", level="DEBUG")])
    assert (answer.status_code, answer.json()) == (201, {"status": "success", "logs_inserted": 2})
    found = client.get(LOGS, headers=bearer).json()
    assert (found["total"], found["limit"], found["offset"]) == (2, 100, 0)
    newest, oldest = found["logs"]
    assert newest["id"] > oldest["id"]
    assert {name: oldest[name] for name in ("source", "timestamp", "level", "message")} == entry()
    assert oldest["at"] == "2026-03-01T11:59:58Z"


def test_it_loses_no_good_neighbour_of_a_poisoned_entry(
    client: TestClient, bearer: dict[str, str]
) -> None:
    odd = [
        '{"source": "front", "timestamp": 1772366390.5, "level": "info", "message": "   "}',
        '{"source": "front", "timestamp": "2026-03-01T12:59:58", "level": "INFO",'
        ' "message": "a\\u0000b\\ud800c"}',
        json.dumps(entry(message="x" * 100_000)),
        json.dumps(entry(message="\x1b[2J\r\n𝔘")),
        json.dumps(entry(timestamp="1970-01-01T01:00:07")),
        '{"source": 1, "source": "front", "timestamp": "2026-03-01T12:59:58", "level": "INFO",'
        ' "message": "twice"}',
    ]
    bad = [
        '{"source": "front", "timestamp": NaN, "level": "INFO", "message": "x"}',
        '{"source": "front", "timestamp": 1e999, "level": "INFO", "message": "x"}',
        '{"source": "front", "timestamp": "soon", "level": "INFO", "message": "x"}',
        '{"source": "front", "timestamp": 1, "level": "INFO", "message": {"a": {"b": []}}}',
        '{"source": "front", "timestamp": 1772366390, "level": 7, "message": "x"}',
        '{"source": ["front"], "timestamp": 1772366390, "level": "INFO", "message": "x"}',
        "null",
        "17",
        '"text"',
        f'{{"source": "front", "timestamp": {"9" * 5000}, "level": 3, "message": "x"}}',
    ]
    good = [json.dumps(entry(message=f"good {n}")) for n in range(3000 - len(odd) - len(bad))]
    mixed = good.copy()
    for number, text in enumerate([*odd, *bad]):
        mixed.insert(number * 180 + 5, text)
    answer = send(client, bearer, "[" + ",".join(mixed) + "]")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["logs_inserted"] == len(good) + len(odd)
    assert [one["index"] for one in told["rejected"]] == [mixed.index(text) for text in bad]
    assert all(one["reason"] for one in told["rejected"])
    found = {
        line
        for offset in range(0, 3000, 500)
        for line in messages(client, bearer, limit=500, offset=offset)
    }
    assert {f"good {n}" for n in range(len(good))} <= found
    assert {"   ", "a\ufffdb\ufffdc", "\x1b[2J\r\n𝔘", "twice"} <= found
    assert any("92,000 characters were cut here" in line for line in found)
    assert "[its clock said 1970-01-01T01:00:07] hello" in found


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("[]", 400, "no entries"),
        ("{}", 422, "bare array"),
        ('"text"', 422, "bare array"),
        ("null", 422, "bare array"),
        ("", 422, "no JSON"),
        ('[{"source": "front"', 422, "no JSON"),
        ("[" * 100_000, 422, "nested too deeply"),
        (b"\xff\xfe\x00", 422, "no JSON"),
        ("[1, 2]", 422, "none of the 2 entries"),
        (json.dumps([5] * 10_001), 413, "10,000 entries, not 10,001; send it in parts"),
        (b" " * (MOST_BYTES + 1), 413, "send smaller ones"),
    ],
)
def test_it_says_what_to_do_when_nothing_can_be_stored(
    client: TestClient, bearer: dict[str, str], body: Any, status: int, told: str
) -> None:
    answer = send(client, bearer, body)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert messages(client, bearer) == []


def test_it_keeps_a_line_whose_bytes_are_no_text(
    client: TestClient, bearer: dict[str, str]
) -> None:
    body = json.dumps([entry(), entry(message="b?d")]).encode().replace(b"b?d", b"b\xffd")
    assert send(client, bearer, b"\xef\xbb\xbf" + body).json()["logs_inserted"] == 2
    assert messages(client, bearer) == ["b\ufffdd", "hello"]


def test_it_lets_a_token_write_and_read_its_own_camera_alone(
    client: TestClient, bearer: dict[str, str]
) -> None:
    said = [entry(source=name) for name in ("front", "front:wifi", "front2", "back", "Front")]
    told = send(client, bearer, said).json()
    assert told["logs_inserted"] == 2
    assert [one["index"] for one in told["rejected"]] == [2, 3, 4]
    assert "may not write" in told["rejected"][0]["reason"]
    answer = send(client, bearer, [entry(source="hub")])
    assert answer.status_code == 422
    assert client.get(LOGS, headers=bearer, params={"source": "hub"}).status_code == 403
    assert len(messages(client, bearer)) == 1
    assert len(messages(client, bearer, source="front:wifi")) == 1
    assert client.get(LOGS).status_code == 401


def test_it_shows_everything_to_people_and_to_open_networks(hub: Hub, admin: TestClient) -> None:
    told = Settings(home=hub.settings.home, agent_access="open", timezone="UTC")
    opened = make_app(Hub(told, hub.database, hub.clock))
    with TestClient(opened, client=("127.0.0.1", 5)) as near:
        said = [entry(source=name, timestamp="2026-03-01T11:59:58") for name in ("one", "two")]
        assert near.post(LOGS, json=said).json()["logs_inserted"] == 2
        assert len(messages(near)) == 2
    assert len(messages(admin)) == 2
    assert admin.post(LOGS, json=said).status_code == 403  # only machines log


def test_it_filters_by_everything_it_knows(admin: TestClient, bearer: dict[str, str]) -> None:
    send(
        admin,
        bearer,
        [
            entry(message="old", timestamp="2026-03-01T12:40:00"),
            entry(message="on the minute", timestamp="2026-03-01T12:50:00", level="ERROR"),
            entry(message="100%_sure", request_id="boot-7:1", event_uid=UID),
            entry(message="100 percent", source="front:wifi"),
        ],
    )
    assert messages(admin) == ["100 percent", "100%_sure", "on the minute"]
    assert messages(admin, level="ERROR") == ["on the minute"]
    assert messages(admin, text="100%_") == ["100%_sure"]
    assert messages(admin, source="front:wifi") == ["100 percent"]
    assert messages(admin, source="FRONT:WIFI") == []
    assert messages(admin, request_id="boot-7:1") == ["100%_sure"]
    assert messages(admin, event_uid=UID.upper()) == ["100%_sure"]
    assert messages(admin, after="2026-03-01T12:50:00", level="ERROR") == ["on the minute"]
    assert messages(admin, after="2026-03-01T12:50:00.000001", level="ERROR") == []
    assert len(messages(admin, after="2026-03-01T11:40:00Z")) == 4
    assert len(messages(admin, after="2026-03-01T11:40:00+00:00")) == 4
    assert len(messages(admin, after="1970-01-01T00:00:00")) == 4
    assert messages(admin, after="9999-12-31T23:59:59") == []


def test_it_finds_an_events_lines_however_old(
    admin: TestClient, bearer: dict[str, str], clock: SetClock
) -> None:
    send(admin, bearer, [entry(event_uid=UID)])
    clock.move(days=3)
    assert messages(admin) == []
    assert messages(admin, event_uid=UID) == ["hello"]


def test_it_pages_through_equal_times_by_offset_and_by_cursor(
    admin: TestClient, bearer: dict[str, str]
) -> None:
    send(admin, bearer, [entry(message=str(n)) for n in range(25)])
    due = [str(n) for n in reversed(range(25))]
    assert [m for offset in (0, 10, 20) for m in messages(admin, limit=10, offset=offset)] == due
    seen, before = [], None
    for _ in range(3):
        told = {"limit": 10} | ({"before": before} if before else {})
        page = admin.get(LOGS, params=told).json()
        assert page["total"] == 25
        seen += [line["message"] for line in page["logs"]]
        before = page["next"]
    assert seen == due
    assert before is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": 0},
        {"limit": 501},
        {"offset": -1},
        {"offset": 10**30},
        {"level": "LOUD"},
        {"after": "soon"},
        {"after": ""},
        {"before": "x"},
        {"before": "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzA1OjAwIiwgMV0"},
        {"event_uid": "x"},
        {"request_id": "ü"},
        {"text": ""},
        {"text": "x" * 201},
    ],
)
def test_it_refuses_a_question_that_makes_no_sense(
    admin: TestClient, wanted: dict[str, Any]
) -> None:
    answer = admin.get(LOGS, params=wanted)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize("text", ["\0", "%", "/", "'; DROP TABLE log_line; --", "𝔘", "\u202e"])
def test_it_answers_odd_questions_with_nothing(admin: TestClient, text: str) -> None:
    assert messages(admin, text=text) == []
    assert messages(admin, source=text) == []


def test_it_reads_and_answers_in_the_zone_of_the_camera(
    admin: TestClient, bearer: dict[str, str], hub: Hub
) -> None:
    registry.register(hub.database, camera(), hub.clock())
    moved = update(Camera).values(timezone="Asia/Tokyo")
    hub.database.write(lambda session: session.execute(moved))
    tokyo = (hub.clock() - timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    local = tokyo.replace(tzinfo=None).isoformat()
    send(admin, bearer, [entry(timestamp=local), entry(source="front:wifi", timestamp=local)])
    (line,) = admin.get(LOGS, params={"source": "front", "after": local}).json()["logs"]
    assert (line["timestamp"], line["at"]) == (local, "2026-03-01T11:59:00Z")
    berlin = {one["timestamp"] for one in admin.get(LOGS).json()["logs"]}
    assert berlin == {"2026-03-01T12:59:00"}
