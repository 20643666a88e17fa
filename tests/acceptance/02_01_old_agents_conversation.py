#!/usr/bin/env python3
"""An old agent talks to a real hub, line by line as the wire contract has it; its clip plays right.

The agent knows no uid, no token and no zone; the hub is set to `open` for its network. After the
lines, a whole event at a tenth of its real pauses: the files come one by one, the MP4 that is made
of the raw H.264 lasts as long as 45 pictures at 15 frames/s do, and a browser's player is told so.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from tests.acceptance.common import check, probe, run
from tests.fakes.house import House, house, wait_for
from tests.fakes.old_agent import OldAgent

BERLIN = ZoneInfo("Europe/Berlin")
CAMERA = "id camera_id name location ip_address status last_seen created_at updated_at"
EVENT = (
    "id camera_id timestamp motion_score confidence_score status image_a_path image_b_path "
    "thumbnail_path video_h264_path video_mp4_path video_duration image_a_transferred "
    "image_b_transferred thumbnail_transferred video_transferred mp4_conversion_status "
    "mp4_converted_at ai_processed ai_processed_at ai_person_detected ai_confidence ai_objects "
    "ai_description ai_phrase ai_error created_at"
)
PLAIN = {"camera_id": "old_1", "name": "Garden", "location": "Back", "ip_address": "192.168.1.40"}


class Talk:
    """Says a line to the hub and holds the answer against the contract."""

    def __init__(self, home: House) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._url = home.url
        self.lines = 0

    def say(
        self, method: str, path: str, body: Any, code: int, fields: str = "", **due: Any
    ) -> Any:
        """Say one line; check status, the fields that must be there, and values that must hold."""
        answer = self._http.request(method, self._url + path, json=body, timeout=(5, 30))
        what = f"{method} {path} {json.dumps(body)[:90]}"
        check(
            answer.status_code == code,
            f"{what}: {answer.status_code} instead of {code}: {answer.text[:300]}",
        )
        found = answer.json()
        for name in fields.split():
            check(name in found, f"{what}: the answer lacks {name}")
        for name, value in due.items():
            check(found[name] == value, f"{what}: {name} is {found[name]!r} instead of {value!r}")
        self.lines += 1
        print(f"  {answer.status_code}  {method:5} {path}")
        return found


def conversation(home: House, now: datetime) -> None:
    """Say every line of the contract once, and those that go wrong."""
    talk, api = Talk(home), "/api/v1"
    say = talk.say
    moment = now.isoformat()
    motion = {"camera_id": "old_1", "timestamp": moment, "motion_score": 12.5}

    say("GET", "/", None, 200, "message version docs redoc health")
    facts = "timestamp version"
    for path in ("/health", f"{api}/health"):
        up: dict[str, Any] = {
            "status": "healthy",
            "database": "connected",
            "database_connected": True,
        }
        say("GET", path, None, 200, facts, **up)
    lost = "Camera old_1 not registered. Please register camera first."
    say("POST", f"{api}/events", motion, 404, detail=lost)
    first = say("POST", f"{api}/cameras/register", PLAIN, 200, CAMERA, status="online")
    say("POST", f"{api}/cameras/register", PLAIN, 200, CAMERA, id=first["id"])
    for wrong in ({"camera_id": "old_1\n"}, {"camera_id": "x" * 51}, {"name": ""}):
        say("POST", f"{api}/cameras/register", PLAIN | wrong, 422, "detail")
    cameras = say("GET", f"{api}/cameras", None, 200)
    check([camera["camera_id"] for camera in cameras] == ["old_1"], f"cameras: {cameras}")

    event = say("POST", f"{api}/events", motion, 201, EVENT, timestamp=moment)
    check(event["mp4_conversion_status"] == "pending", "a new event's video is not pending")
    number = event["id"]
    say("POST", f"{api}/events", motion, 200, EVENT, id=number)
    say("POST", f"{api}/events", motion | {"motion_score": -1}, 422, "detail")

    stamp = f"{number}_{now:%Y%m%d_%H%M%S}"
    files = f"{api}/events/{number}/files"
    for kind, path in (
        ("image_a", f"old_1/pictures/{stamp}_a.jpg"),
        ("thumbnail", f"old_1/thumbs/{stamp}_thumb.jpg"),
        ("image_b", f"old_1/pictures/{stamp}_b.jpg"),
    ):
        said = {"file_type": kind, "file_path": path, "transferred": True}
        due: dict[str, Any] = {f"{kind}_path": path, f"{kind}_transferred": True}
        say("PATCH", files, said, 200, EVENT, **due)
    out = {"file_type": "video", "file_path": "../../etc/passwd", "transferred": True}
    say("PATCH", files, out, 422, "detail")
    say("PATCH", f"{api}/events/999/files", out, 404, detail="Event 999 not found")
    status = f"{api}/events/{number}/status"
    say("PATCH", status, {"status": "interrupted"}, 200, EVENT, status="interrupted")
    say("PATCH", status, {"status": "gone"}, 422, "detail")

    say("GET", f"{api}/events/{number}", None, 200, EVENT, status="interrupted")
    say("GET", f"{api}/events/999", None, 404, detail="Event 999 not found")
    page: dict[str, Any] = {"total": 1, "limit": 50, "offset": 0}
    for query in ("", "?camera_id=old_1", "?date=today", f"?date={now.date()}"):
        say("GET", f"{api}/events{query}", None, 200, "events", **page)
    say("GET", f"{api}/events?date=yesterday&limit=5", None, 200, total=0, limit=5, events=[])
    say("GET", f"{api}/events?limit=201", None, 422, "detail")
    stats: dict[str, Any] = {"events": 1, "files": 3, "bytes": 0, "period_hours": 24}
    say("GET", f"{api}/cameras/old_1/stats?hours=24", None, 200, **stats)
    say("GET", f"{api}/cameras/old_1/stats?hours=169", None, 422, "detail")

    line = {"source": "old_1", "timestamp": moment, "level": "ERROR", "message": "no network"}
    batch = [line, line | {"level": "DEBUG", "message": ""}, line | {"level": "loud"}, 7]
    told = say("POST", f"{api}/logs", batch, 201, status="success", logs_inserted=2)
    check([entry["index"] for entry in told["rejected"]] == [2, 3], f"rejected: {told}")
    say("POST", f"{api}/logs", [], 400, "detail")
    say("POST", f"{api}/logs", [7, None], 422, "detail")
    own = f"{api}/logs?source=old_1&level=ERROR"
    found = say("GET", own, None, 200, "logs total", limit=100, offset=0)
    check(
        [(entry["timestamp"], entry["message"]) for entry in found["logs"]]
        == [(moment, "no network")],
        f"its own recent errors: {found}",
    )
    print(f"{talk.lines} lines of the contract hold")


def whole_event(home: House) -> None:
    """Let a scripted agent live through an event, and look at what became of it."""
    agent = OldAgent(home.url, home.share, "old_2", BERLIN, scale=0.1, ready_marks=True)
    agent.register()
    begun = agent.now()
    number = agent.event(score=31.5, at=begun)
    http = home.session()
    address = f"{home.url}/api/v1/events/{number}"

    def done() -> dict[str, Any]:
        event: dict[str, Any] = http.get(address, timeout=10).json()
        return event if event["mp4_conversion_status"] not in ("pending", "processing") else {}

    event = wait_for(done, 60, "the old agent's clip was never converted")
    check(event["mp4_conversion_status"] == "complete", f"conversion: {event['stages']}")
    check(event["timestamp"] == begun.isoformat(), f"{event['timestamp']} is not {begun}")
    check(event["status"] == "complete", f"status {event['status']}")
    mp4 = home.share / event["video_mp4_path"]
    found = probe(mp4)
    times = sorted(float(packet["pts_time"]) for packet in found["packets"])
    length = float(found["streams"][0]["duration"])
    check(len(times) == 45, f"{len(times)} pictures instead of 45")
    steps = {round(b - a, 3) for a, b in zip(times, times[1:], strict=False)}
    check(steps <= {0.066, 0.067}, f"pictures are {steps} s apart instead of a fifteenth")
    check(abs(length - 3.0) < 0.01, f"it lasts {length} s instead of 3 s")
    check(abs(event["video_duration"] - 3.0) < 0.01, f"the hub says {event['video_duration']} s")
    served = http.get(f"{address}/media/mp4", timeout=10)
    check(served.content == mp4.read_bytes(), "another video is served than lies on the share")
    page = http.get(f"{home.url}/events/{number}", headers={"Accept": "text/html"}, timeout=10)
    check("<video" in page.text, "the event's page shows no video")
    print("  " + "\n  ".join(agent.talk))
    print(f"its clip of 45 pictures plays {length:.2f} s, a fifteenth of a second apart")


def main() -> None:
    """Both, in one house."""
    with house(agent_access="open") as home:
        home.start_hub()
        home.start_jobs()
        now = datetime.now(BERLIN).replace(tzinfo=None) - timedelta(seconds=2)
        conversation(home, now)
        whole_event(home)


if __name__ == "__main__":
    run(main)
