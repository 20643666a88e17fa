"""A small true hub for agents: remembers what it is told by uid, over real HTTP."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeHub:
    """What the hub knows. `answers` are statuses to give instead of doing the work, in order.

    A status of 0 does the work and then loses the reply. Events in `refused` are never taken.
    """

    url: str = ""
    cameras: set[str] = field(default_factory=set)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    posts: int = 0
    logs: list[list[dict[str, str]]] = field(default_factory=list)
    most_logs: int = 10_000
    request_ids: list[str] = field(default_factory=list)
    retry_after: str = ""

    def take(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Do what a request asks; return status and answer."""
        if isinstance(body, list):
            if len(body) > self.most_logs:
                return 413, {"detail": f"at most {self.most_logs}"}
            self.logs.append(body)
            return 201, {"status": "success", "logs_inserted": len(body)}
        if path.endswith("/cameras/register"):
            self.cameras.add(body["camera_id"])
            return 200, {"id": 1, **body}
        self.posts += 1
        if body["camera_id"] not in self.cameras:
            return 404, {"detail": "Camera x not registered. Please register camera first."}
        if body["uid"] in self.refused:
            return 422, {"detail": "this one never"}
        known = body["uid"] in self.events
        if not known:
            self.order.append(body["uid"])
            self.events[body["uid"]] = body
        elif self.events[body["uid"]] != body:
            return 409, {"detail": "other content"}
        return (200 if known else 201), {"id": self.order.index(body["uid"]) + 1}


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """Serve a fake hub on loopback."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            said = self.rfile.read(length)
            if len(said) < length:
                self.close_connection = True  # the agent died while it spoke
                return
            body = json.loads(said)
            hub.request_ids.append(self.headers.get("X-Request-Id", ""))
            told = hub.answers.pop(0) if hub.answers else None
            if told:
                self._answer(told, {"detail": f"told to say {told}"})
                return
            status, answer = hub.take(self.path, body)
            if told == 0:
                self.close_connection = True
                return
            self._answer(status, answer)

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if hub.retry_after and status >= 400:
                self.send_header("Retry-After", hub.retry_after)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exception(), ConnectionError):  # agents die while they speak
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
