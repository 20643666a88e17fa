"""An agent as it runs in homes since before Gatehouse: it behaves as the wire contract says.

It knows no uid, no manifest, no time zone and no token. It tries registration and events for ever,
files and logs three times. Every exchange is written down in `talk`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from tests.fakes.events import encoded

TIMEOUTS_S = (5, 30)
TRIES = 3
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 2000 + b"\xff\xd9"


@dataclass
class OldAgent:
    """One camera. `scale` shortens its pauses; `ready_marks`: it leaves empty `.READY` files."""

    url: str
    share: Path
    camera_id: str
    zone: ZoneInfo
    scale: float = 1.0
    ready_marks: bool = False
    clock_error: timedelta = timedelta()
    timeouts_s: tuple[float, float] = TIMEOUTS_S
    session: requests.Session = field(default_factory=requests.Session)
    talk: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def now(self) -> datetime:
        """Return what this camera's clock shows: local and naive."""
        return datetime.now(self.zone).replace(tzinfo=None) + self.clock_error

    def register(self) -> dict[str, Any]:
        """Make the camera known, however long it takes."""
        said = {
            "camera_id": self.camera_id,
            "name": f"Old {self.camera_id}",
            "location": "Garden",
            "ip_address": "192.168.1.40",
        }
        return self._for_ever("POST", "/cameras/register", said)

    def event(self, score: float = 12.5, at: datetime | None = None) -> int:
        """Live through one event, from the motion to its video; return its id."""
        moment = at or self.now()
        event_id = self.announce(moment, score)
        self.pictures(event_id, moment)
        self._pause(30)
        self.video(event_id, moment)
        return event_id

    def announce(self, moment: datetime, score: float = 12.5) -> int:
        """Post the event at the moment of motion, however long it takes; return its id."""
        said = {
            "camera_id": self.camera_id,
            "timestamp": moment.isoformat(),
            "motion_score": score,
            "confidence_score": 70,
        }
        event_id = int(self._for_ever("POST", "/events", said)["id"])
        self.ids.append(event_id)
        return event_id

    def pictures(self, event_id: int, moment: datetime) -> None:
        """Bring image A, the thumbnail and, some seconds later, image B."""
        self.file(event_id, moment, "pictures", "a.jpg", "image_a", JPEG)
        self.file(event_id, moment, "thumbs", "thumb.jpg", "thumbnail", JPEG)
        self._pause(4)
        self.file(event_id, moment, "pictures", "b.jpg", "image_b", JPEG)

    def video(self, event_id: int, moment: datetime) -> None:
        """Bring the video: raw H.264 without any timing, 15 frames/s."""
        clip, _ = encoded(frames=45, rate=15)
        self.file(event_id, moment, "videos", "video.h264", "video", clip)

    def file(
        self, event_id: int, moment: datetime, folder: str, end: str, kind: str, data: bytes
    ) -> None:
        """Lay a file on the share as `.tmp`, rename it, and tell the hub, three times at most."""
        relative = f"{self.camera_id}/{folder}/{event_id}_{moment:%Y%m%d_%H%M%S}_{end}"
        place = self.share / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(place.name + ".tmp")
        part.write_bytes(data)
        part.rename(place)
        if self.ready_marks:
            place.with_name(place.name + ".READY").touch()
        said = {"file_type": kind, "file_path": relative, "transferred": True}
        self._thrice("PATCH", f"/events/{event_id}/files", said)

    def interrupted(self, event_id: int) -> None:
        """Say that an event was interrupted."""
        self._thrice("PATCH", f"/events/{event_id}/status", {"status": "interrupted"})

    def log(self, *lines: tuple[str, str]) -> None:
        """Send log lines: level and message."""
        said = [
            {
                "source": self.camera_id,
                "timestamp": self.now().isoformat(),
                "level": level,
                "message": message,
            }
            for level, message in lines
        ]
        self._thrice("POST", "/logs", said)

    def errors(self) -> list[dict[str, Any]]:
        """Ask for its own recent ERROR lines, as it does every five minutes."""
        asked = f"/logs?source={self.camera_id}&level=ERROR"
        found: list[dict[str, Any]] = self._thrice("GET", asked)["logs"]
        return found

    def stats(self) -> dict[str, Any]:
        """Ask for its statistics, as it does every five minutes."""
        return self._thrice("GET", f"/cameras/{self.camera_id}/stats?hours=24")

    def _for_ever(self, method: str, path: str, said: Any) -> dict[str, Any]:
        while True:
            answer = self._try(method, path, said)
            if answer is not None:
                return answer
            if self.over.is_set():
                raise TimeoutError(f"{method} {path} was never taken")
            self._pause(2)

    def _thrice(self, method: str, path: str, said: Any = None) -> dict[str, Any]:
        for _ in range(TRIES):
            answer = self._try(method, path, said)
            if answer is not None:
                return answer
            self._pause(1)
        return {}

    def _try(self, method: str, path: str, said: Any) -> dict[str, Any] | None:
        try:
            answer = self.session.request(
                method, f"{self.url}/api/v1{path}", json=said, timeout=self.timeouts_s
            )
        except requests.RequestException as error:
            self.talk.append(f"{method} {path} → {type(error).__name__}")
            return None
        self.talk.append(f"{method} {path} → {answer.status_code}")
        if answer.status_code not in (200, 201):
            return None
        found: dict[str, Any] = answer.json()
        return found

    def _pause(self, seconds: float) -> None:
        self.over.wait(seconds * self.scale)


def at_once(count: int, do: Callable[[int], None]) -> None:
    """Do something from so many threads, begun at the same moment. Raises what one raised."""
    start = threading.Barrier(count)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait(30)
            do(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    if errors:
        raise errors[0]
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError(f"not everything had ended at {time.monotonic():.0f} s")
