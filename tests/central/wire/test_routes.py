"""The wire contract, call by call: what old agents send, and what they are told."""

import os
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from central.app import make_app
from central.context import Hub
from central.stages import claims
from central.stages.lifecycle import Stage
from database.models import Camera, Event, EventFile, EventStage, StageHistory
from nfs.layout import FileKind
from tests.central.conftest import SetClock
from tests.fakes.events import manifest

# 13:00 in Berlin, which is when the clock of these tests stands: 12:00 UTC.
MOTION = {"camera_id": "old_1", "timestamp": "2026-03-01T12:59:58.5", "motion_score": 12.5}
EVENT_FIELDS = set(
    "id camera_id timestamp motion_score confidence_score status image_a_path image_b_path "
    "thumbnail_path video_h264_path video_mp4_path video_duration image_a_transferred "
    "image_b_transferred thumbnail_transferred video_transferred mp4_conversion_status "
    "mp4_converted_at ai_processed ai_processed_at ai_person_detected ai_confidence ai_objects "
    "ai_description ai_phrase ai_error created_at".split()
)


def announce(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/events", json=MOTION | changes)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def bring(client: TestClient, event_id: int, kind: str, path: str, **more: Any) -> Any:
    said = {"file_type": kind, "file_path": path, "transferred": True} | more
    return client.patch(f"/api/v1/events/{event_id}/files", json=said)


def lay(hub: Hub, path: str, data: bytes = b"x" * 10) -> str:
    place = hub.settings.share_root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return path


def video_of(event_id: int) -> str:
    return f"old_1/videos/{event_id}_20260301_125958_video.h264"


def stages(hub: Hub) -> list[str]:
    with hub.database.reading() as session:
        return list(session.scalars(select(EventStage.state)))


def test_it_takes_an_event_at_the_moment_of_motion(known: TestClient) -> None:
    answer = known.post("/api/v1/events", json=MOTION | {"confidence_score": 70})
    event = answer.json()
    assert answer.status_code == 201
    assert set(event) >= EVENT_FIELDS
    assert event["timestamp"] == "2026-03-01T12:59:58.500000"
    assert event["started_at"] == "2026-03-01T11:59:58.500000Z"
    assert (event["status"], event["mp4_conversion_status"]) == ("processing", "pending")
    assert (event["image_a_path"], event["image_a_transferred"]) == (None, False)


def test_it_takes_a_repeat_for_the_same_event(known: TestClient, clock: SetClock) -> None:
    first = announce(known)
    clock.move(hours=3)
    again = known.post("/api/v1/events", json=MOTION | {"motion_score": 12.50})
    other = announce(known, motion_score=12.6)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert again.json()["timestamp"] == first["timestamp"]
    assert other["id"] != first["id"]


def test_it_reads_times_in_the_cameras_own_zone(known: TestClient, hub: Hub) -> None:
    hub.database.write(
        lambda session: session.execute(update(Camera).values(timezone="Asia/Tokyo"))
    )
    event = announce(known, timestamp="2026-03-01T20:59:00")
    assert event["started_at"] == "2026-03-01T11:59:00Z"
    assert event["timestamp"] == "2026-03-01T20:59:00"
    (camera,) = known.get("/api/v1/cameras").json()
    assert camera["created_at"] == "2026-03-01T21:00:00"


@pytest.mark.parametrize("said", ["2026-03-01T16:59:00+05:00", 1772366340, 1772366340.0])
def test_it_respects_an_offset_and_seconds(known: TestClient, said: object) -> None:
    assert announce(known, timestamp=said)["started_at"] == "2026-03-01T11:59:00Z"


@pytest.mark.parametrize("said", ["1970-01-01T01:02:03", 123.5, "9999-12-31T23:59:59"])
def test_it_keeps_an_event_from_before_the_clock_was_set(known: TestClient, said: object) -> None:
    event = announce(known, timestamp=said)
    assert event["started_at"] == "2026-03-01T12:00:00Z"
    assert event["clock"] == {"said": str(said), "synchronised": False}
    assert announce(known, timestamp=said)["id"] == event["id"]


def test_it_answers_an_unknown_camera_in_the_words_old_agents_wait_for(client: TestClient) -> None:
    answer = client.post("/api/v1/events", json=MOTION)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Camera old_1 not registered. Please register camera first."


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "yesterday"},
        {"timestamp": True},
        {"timestamp": None},
        {"motion_score": -1},
        {"motion_score": "12"},
        {"motion_score": True},
        {"motion_score": None},
        {"confidence_score": -0.1},
        {"camera_id": "old_1\n"},
        {"camera_id": "old-1"},
        {"camera_id": "x" * 51},
        {"camera_id": 5},
    ],
)
def test_it_refuses_what_is_no_event(known: TestClient, changes: dict[str, Any]) -> None:
    answer = known.post("/api/v1/events", json=MOTION | changes)
    assert answer.status_code == 422
    assert known.get("/api/v1/events").json()["total"] == 0


def test_it_takes_files_one_by_one_and_converts_the_video_once(known: TestClient, hub: Hub) -> None:
    event_id = announce(known)["id"]
    for kind, path in (
        ("image_a", f"old_1/pictures/{event_id}_20260301_125958_a.jpg"),
        ("thumbnail", f"old_1/thumbs/{event_id}_20260301_125958_thumb.jpg"),
        ("image_b", f"old_1/pictures/{event_id}_20260301_125958_b.jpg"),
    ):
        event = bring(known, event_id, kind, lay(hub, path)).json()
        assert (event[f"{kind}_path"], event[f"{kind}_transferred"]) == (path, True)
    assert stages(hub) == []
    for _ in range(3):
        event = bring(known, event_id, "video", lay(hub, video_of(event_id))).json()
    assert event["video_h264_path"] == video_of(event_id)
    assert stages(hub) == ["waiting"]
    stats = known.get("/api/v1/cameras/old_1/stats?hours=1").json()
    assert stats == {"events": 1, "files": 4, "bytes": 40, "period_hours": 1}


def test_it_knows_a_file_that_is_still_on_its_way(known: TestClient, hub: Hub) -> None:
    event_id = announce(known)["id"]
    event = bring(known, event_id, "video", video_of(event_id), transferred=False).json()
    assert (event["video_h264_path"], event["video_transferred"]) == (video_of(event_id), False)
    assert (event["files"], stages(hub)) == ([], [])
    event = bring(known, event_id, "video", video_of(event_id), video_duration=31.5).json()
    assert (event["video_duration"], event["video_transferred"]) == (31.5, True)
    assert stages(hub) == ["waiting"]


def test_it_converts_anew_what_is_brought_anew_after_a_failure(known: TestClient, hub: Hub) -> None:
    event_id = announce(known)["id"]
    bring(known, event_id, "video", video_of(event_id))
    held = hub.database.write(lambda s: claims.claim(s, Stage.CONVERT, "test", 60))
    assert held is not None
    hub.database.write(lambda s: claims.fail(s, held, "the clip is empty", permanent=True))
    assert known.get(f"/api/v1/events/{event_id}").json()["mp4_conversion_status"] == "failed"
    event = bring(known, event_id, "video", video_of(event_id)).json()
    assert event["mp4_conversion_status"] == "pending"
    with hub.database.reading() as session:
        verbs = session.scalars(select(StageHistory.verb).order_by(StageHistory.id)).all()
    assert verbs == ["claim", "give_up", "requeue"]


def test_it_says_404_before_it_looks_at_a_path(known: TestClient) -> None:
    for body in ({}, {"file_type": "video", "file_path": "../../etc/passwd", "transferred": 1}):
        answer = known.patch("/api/v1/events/77/files", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Event 77 not found")


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "old_1/videos/../../../etc/passwd",
        "old_2/videos/{id}_20260301_125958_video.h264",
        "old_1/videos/{other}_20260301_125958_video.h264",
        "old_1/pictures/{id}_20260301_125958_a.jpg",
        "old_1/videos/{id}_20260301_125958_video.h264\u0000.jpg",
        "old_1//videos/{id}_20260301_125958_video.h264",
        "x" * 501,
        "",
    ],
)
def test_it_refuses_a_path_that_is_not_this_events(known: TestClient, hub: Hub, path: str) -> None:
    event_id = announce(known)["id"]
    asked = path.format(id=event_id, other=event_id + 1)
    answer = bring(known, event_id, "video", asked)
    assert answer.status_code == (400 if "\0" in path else 422)
    with hub.database.reading() as session:
        assert session.scalar(select(func.count(EventFile.id))) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"file_type": "video", "file_path": "{path}"},
        {"file_type": "video", "file_path": "{path}", "transferred": "yes"},
        {"file_type": "video", "file_path": "{path}", "transferred": 1},
        {"file_type": "movie", "file_path": "{path}", "transferred": True},
        {"file_type": "video", "file_path": "{path}", "transferred": True, "video_duration": 0},
        {"file_type": "video", "file_path": "{path}", "transferred": True, "video_duration": "9"},
        {
            "file_type": "image_a",
            "file_path": "old_1/pictures/1_20260301_125958_a.jpg",
            "transferred": True,
            "video_duration": 9,
        },
    ],
)
def test_it_refuses_a_file_that_is_badly_described(known: TestClient, body: dict[str, Any]) -> None:
    event_id = announce(known)["id"]
    said = {key: video_of(event_id) if value == "{path}" else value for key, value in body.items()}
    assert known.patch(f"/api/v1/events/{event_id}/files", json=said).status_code == 422


@pytest.mark.parametrize("trick", ["link", "folder link", "second name", "pipe"])
def test_it_refuses_what_is_no_plain_file_of_the_share(
    known: TestClient, hub: Hub, tmp_path: Path, trick: str
) -> None:
    event_id = announce(known)["id"]
    outside = tmp_path / "outside" / Path(video_of(event_id)).name
    outside.parent.mkdir()
    outside.write_bytes(b"secret")
    place = hub.settings.share_root / video_of(event_id)
    place.parent.parent.mkdir(parents=True)
    if trick == "folder link":
        place.parent.symlink_to(outside.parent)
    else:
        place.parent.mkdir()
        {
            "link": lambda: place.symlink_to(outside),
            "second name": lambda: os.link(outside, place),
            "pipe": lambda: os.mkfifo(place),
        }[trick]()
    assert bring(known, event_id, "video", video_of(event_id)).status_code == 422
    assert stages(hub) == []


def test_it_never_lets_conversion_overwrite_interrupted(known: TestClient, hub: Hub) -> None:
    event_id = announce(known)["id"]
    bring(known, event_id, "video", video_of(event_id))
    answer = known.patch(f"/api/v1/events/{event_id}/status", json={"status": "interrupted"})
    assert (answer.status_code, answer.json()["status"]) == (200, "interrupted")
    held = hub.database.write(lambda s: claims.claim(s, Stage.CONVERT, "test", 60))
    assert held is not None
    hub.database.write(lambda s: claims.finish(s, held))
    event = known.get(f"/api/v1/events/{event_id}").json()
    assert (event["status"], event["mp4_conversion_status"]) == ("interrupted", "complete")
    bad = known.patch(f"/api/v1/events/{event_id}/status", json={"status": "done"})
    assert bad.status_code == 422
    assert known.patch("/api/v1/events/99/status", json={"status": "x"}).status_code == 404


def test_it_lists_by_day_and_page_with_a_total(known: TestClient, clock: SetClock) -> None:
    for hour in (1, 9, 12):
        announce(known, timestamp=f"2026-03-01T{hour:02d}:30:00")
    announce(known, timestamp="2026-02-28T23:59:59")
    everything = known.get("/api/v1/events?camera_id=old_1").json()
    assert (everything["total"], everything["limit"], everything["offset"]) == (4, 50, 0)
    times = [event["timestamp"] for event in everything["events"]]
    assert times == sorted(times, reverse=True)
    for day, count in (("today", 3), ("yesterday", 1), ("2026-02-28", 1), ("2026-02-27", 0)):
        page = known.get(f"/api/v1/events?date={day}").json()
        assert (page["total"], len(page["events"])) == (count, count)
    second = known.get("/api/v1/events?limit=2&offset=1").json()
    assert [event["timestamp"] for event in second["events"]] == times[1:3]
    assert (second["total"], second["offset"]) == (4, 1)
    following = known.get(f"/api/v1/events?limit=2&before={second['next']}").json()
    assert [event["timestamp"] for event in following["events"]] == times[3:]
    assert known.get("/api/v1/events?camera_id=nobody").json()["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        *["limit=0", "limit=201", "limit=x", "offset=-1", "offset=99999999999999999999"],
        *["date=tomorrow", "date=2026-02-30", "date=", "before=x", "camera_id=a%00b"],
        *["camera_id=%F0%9F%98%80", "limit=1&limit=", "date=10000-01-01"],
    ],
)
def test_it_refuses_what_is_no_filter(known: TestClient, query: str) -> None:
    assert known.get(f"/api/v1/events?{query}").status_code == 422


@pytest.mark.parametrize("hours", ["0", "169", "x", "1.5"])
def test_it_refuses_other_spans_of_statistics(known: TestClient, hours: str) -> None:
    assert known.get(f"/api/v1/cameras/old_1/stats?hours={hours}").status_code == 422
    assert known.get("/api/v1/cameras/nobody/stats").status_code == 404


@pytest.mark.parametrize("name", ["%C3%BC", "%F0%9F%98%80", "a%00b", "..%2f..", "%252e", "x" * 300])
def test_it_knows_no_camera_of_an_odd_name(known: TestClient, name: str) -> None:
    assert known.get(f"/api/v1/cameras/{name}/stats").status_code in (404, 422)


def test_it_counts_only_what_is_young_enough(known: TestClient, clock: SetClock) -> None:
    announce(known)
    clock.move(hours=23)
    announce(known, timestamp=clock().timestamp())
    assert known.get("/api/v1/cameras/old_1/stats?hours=2").json()["events"] == 1
    assert known.get("/api/v1/cameras/old_1/stats").json()["events"] == 2


def test_it_tells_the_same_of_our_own_agents_events(known: TestClient, hub: Hub) -> None:
    said = manifest("old_1")
    answer = known.post(
        "/api/v1/events",
        content=said.model_dump_json(),
        headers={"Content-Type": "application/json"},
    )
    event = answer.json()
    assert answer.status_code == 201
    assert set(event) >= EVENT_FIELDS
    assert (event["status"], event["mp4_conversion_status"]) == ("complete", "failed")
    assert event == known.get(f"/api/v1/events/{event['id']}").json()
    with hub.database.reading() as session:
        assert session.scalar(select(func.count(Event.id))) == 1


def test_open_access_frees_the_wires_calls_and_no_other(known: TestClient, hub: Hub) -> None:
    event_id = announce(known)["id"]
    for free in (
        "/api/v1/cameras",
        "/api/v1/events",
        f"/api/v1/events/{event_id}",
        "/api/v1/cameras/old_1/stats",
        "/health",
        "/api/v1/health",
        "/",
    ):
        assert known.get(free).status_code == 200, free
    for kept in (f"/api/v1/events/{event_id}/media/{FileKind.CLIP}", "/api/v1/stream"):
        assert known.get(kept).status_code == 401, kept
    page = known.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2F")


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"Authorization": "Bearer nonsense"}),
    ],
)
def test_open_access_is_for_the_listed_networks_alone(
    hub: Hub, peer: str, headers: dict[str, str]
) -> None:
    with TestClient(make_app(hub), client=(peer, 5)) as stranger:
        assert stranger.post("/api/v1/events", json=MOTION, headers=headers).status_code == 401
        assert stranger.get("/api/v1/cameras", headers=headers).status_code == 401
