#!/usr/bin/env python3
"""Role × route × method over real HTTP, held against a table that is written out here.

Every live route must be in the table: a new one fails until somebody says who may use it.
"""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests
from fastapi.routing import iter_route_contexts

from central.accounts import users
from central.accounts.asker import SESSION_COOKIE
from central.accounts.login import log_in
from central.accounts.tokens import form_token
from central.app import make_app
from central.audit.log import COMMAND
from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events import register
from central.settings import Settings
from database.engine import Database
from tests.acceptance.common import check, run
from tests.fakes.events import camera, lay_on_share
from tests.fakes.house import House, house

PASSWORD = "correct horse battery"
ALL = frozenset({"admin", "operator", "viewer", "agent", "worker", "nobody"})
PEOPLE = frozenset({"admin", "operator", "viewer"})
LOOKERS = PEOPLE | {"agent", "worker"}
ADMIN, AGENT = frozenset({"admin"}), frozenset({"agent"})

TABLE: list[tuple[str, str, frozenset[str]]] = [
    ("GET", r"/|/health|/api/v1/health|/openapi\.json|/docs|/redoc", ALL),
    ("GET", r"/login|/first-run", ALL),
    ("POST", r"/login|/login/code|/first-run", ALL),
    ("POST", r"/api/v1/auth/(token|refresh|revoke)|/api/v1/enrol", ALL),
    ("POST", r"/api/v1/cameras/register|/api/v1/events", AGENT),
    ("PATCH", r"/api/v1/events/\{event_id\}/(files|status)", AGENT),
    ("POST", r"/api/v1/logs", AGENT | {"worker"}),
    ("GET", r"/api/v1/logs", frozenset({"admin", "operator", "agent"})),
    ("GET", r"/api/v1/(cameras|events|stream)", LOOKERS),
    ("GET", r"/api/v1/events/\{event_id\}(/media/\{kind\})?", LOOKERS),
    ("GET", r"/api/v1/cameras/\{camera_id\}/stats", LOOKERS),
    ("GET", r"/gallery/more|/events/\{event_id\}(/card|/player|/stages)?", LOOKERS),
    ("GET", r"/account(/second-step|/sessions|/tokens)?", PEOPLE),
    ("POST", r"/account/(name|password|second-step|second-step/off)|/logout", PEOPLE),
    ("POST", r"/account/sessions/(end|end-others)|/account/tokens/(make|revoke)", PEOPLE),
    ("POST", r"/account/tokens/(worker|worker/revoke|enrol|agent/revoke)", ADMIN),
    ("GET|PATCH", r"/api/v1/account", PEOPLE),
    ("POST", r"/api/v1/account/password", PEOPLE),
    ("GET|DELETE", r"/api/v1/account/sessions(/\{session_id\})?", PEOPLE),
    ("GET|POST|DELETE", r"/api/v1/account/tokens(/\{token_id\})?", PEOPLE),
    ("GET|POST|PATCH|DELETE", r"/api/v1/users(/\{user_id\})?", ADMIN),
    ("POST", r"/api/v1/enrolments", ADMIN),
    ("DELETE", r"/api/v1/agent-tokens/\{camera_id\}", ADMIN),
    ("GET|POST|DELETE", r"/api/v1/worker-tokens(/\{token_id\})?", ADMIN),
    ("GET", r"/api/v1/audit(/export)?|/audit|/users(/\{user_id\})?", ADMIN),
    ("POST", r"/users/add|/users/\{user_id\}/(change|password|delete)", ADMIN),
]
FILES = {"/docs/files", "/static"}
"""Files that are the same in every house."""
NOBODYS = {"user_id": "987654", "token_id": "987654", "session_id": "987654"}
OUT_OF_DATE = ("out of date", "logged in with a browser")
"""What a form without its token is told, when nothing else is missing."""


@dataclass
class Visitor:
    """Somebody at the door: a session's cookie, a token, or nothing."""

    who: str
    url: str
    cookie: str = ""
    token: str = ""
    http: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, **more: str) -> requests.Response:
        """Send a request as this visitor; a stream is left at once."""
        headers = {"Accept": "application/json", **more}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookie:
            headers["Cookie"] = f"{SESSION_COOKIE}={self.cookie}"
            if path.startswith("/api/"):
                headers["X-CSRF-Token"] = form_token(self.cookie)
        with self.http.request(
            method,
            self.url + path,
            headers=headers,
            timeout=20,
            allow_redirects=False,
            stream=path.endswith("/stream"),
        ) as answer:
            if not path.endswith("/stream"):
                assert answer.content is not None
            return answer


def visitors(home: House, hub: Hub) -> list[Visitor]:
    """Return one of each kind."""
    found = []
    for role in sorted(PEOPLE):
        users.add(hub, COMMAND, f"one-{role}", role, PASSWORD, "all")
        found.append(Visitor(role, home.url, cookie=log_in(hub, f"one-{role}", PASSWORD) or ""))
    admin = next(one for one in found if one.who == "admin")
    home.camera("front", "synthetic:1")
    agent = (home.home / "agents/front/token").read_text().strip()
    made = requests.post(
        f"{home.url}/api/v1/worker-tokens",
        json={"name": "pi5"},
        headers={"X-CSRF-Token": form_token(admin.cookie)},
        cookies={SESSION_COOKIE: admin.cookie},
        timeout=20,
    )
    found.append(Visitor("agent", home.url, token=agent))
    found.append(Visitor("worker", home.url, token=made.json()["token"]))
    found.append(Visitor("nobody", home.url))
    return found


def live_routes(hub: Hub) -> Iterator[tuple[str, str]]:
    """Yield method and path of every live route."""
    for route in iter_route_contexts(make_app(hub).routes):
        if route.path in FILES:
            continue
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            yield method, str(route.path)


def may(method: str, path: str) -> frozenset[str]:
    """Return who may, by the table."""
    found = [
        who
        for methods, pattern, who in TABLE
        if method in methods.split("|") and re.fullmatch(pattern, path)
    ]
    check(len(found) == 1, f"{method} {path} stands {len(found)} times in the table")
    return found[0]


def hold(visitor: Visitor, method: str, path: str, allowed: bool, is_form: bool) -> None:
    """Ask once and compare with the table."""
    answer = visitor.ask(method, path)
    told = f"{visitor.who}: {method} {path} → {answer.status_code}"
    if answer.status_code >= 500:
        raise AssertionError(told)
    if is_form and allowed and visitor.who != "nobody":
        check(answer.status_code == 403, told)
        check(any(word in answer.text for word in OUT_OF_DATE), f"{told}: {answer.text[:200]}")
    elif allowed:
        refused = answer.status_code in (401, 403)
        about_it = "password" in answer.text or "code" in answer.text or "token" in answer.text
        check(not refused or about_it, f"{told}, though it may: {answer.text[:200]}")
    elif visitor.who == "nobody":
        check(answer.status_code in (401, 303), f"{told}, though it may not")
    else:
        check(answer.status_code == 403, f"{told}, though it may not")
        check(not any(word in answer.text for word in OUT_OF_DATE), f"{told}: no right, no form")


def other_methods(visitor: Visitor, path: str, allowed: bool) -> None:
    """HEAD tells what GET tells, without a body; OPTIONS tells the methods; nothing upgrades."""
    got, head = visitor.ask("GET", path), visitor.ask("HEAD", path)
    told = f"{visitor.who}: HEAD {path} → {head.status_code}, GET → {got.status_code}"
    check(head.status_code in (got.status_code, 405), told)
    check(
        allowed
        or head.headers.get("Content-Length", "0") == got.headers.get("Content-Length", "0"),
        told,
    )
    options = visitor.ask("OPTIONS", path)
    check(options.status_code == 204, f"{visitor.who}: OPTIONS {path} → {options.status_code}")
    check(not options.content, f"{visitor.who}: OPTIONS {path} has a body")


def upgraded(home: House, path: str, token: str) -> bytes:
    """Ask a path to become a WebSocket; return the line of the answer."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{home.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    with socket.create_connection(("127.0.0.1", home.port), 10) as way:
        way.settimeout(10)
        way.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return way.recv(200).split(b"\r\n")[0]


def main() -> None:
    """Ask everything as everybody."""
    limits = dict.fromkeys(
        ("requests_per_minute", "machine_requests_per_minute", "registrations_per_minute"),
        "1000000",
    )
    with house(**limits) as home:
        hub = Hub(
            Settings(home=home.home), Database(f"sqlite:///{home.home / 'gatehouse.db'}"), utc_now
        )
        registry.register(hub.database, camera("front", "Front door"), utc_now())
        said = lay_on_share(hub.settings.share_root, camera_id="front")
        event = register.register(hub.database, said, utc_now()).event_id
        home.start_hub()
        known = NOBODYS | {"event_id": str(event), "kind": "clip", "camera_id": "front"}
        asked: Counter[str] = Counter()
        doors = visitors(home, hub)
        routes = sorted(set(live_routes(hub)), key=lambda route: (route[1] == "/logout", route))
        for method, path in routes:
            allowed = may(method, path)
            # The agent's own token is not taken away while the matrix is walked.
            names = known | ({"camera_id": "nowhere"} if method == "DELETE" else {})
            here = re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)  # noqa: B023
            is_form = method == "POST" and not path.startswith("/api/") and allowed != ALL
            for visitor in doors:
                hold(visitor, method, here, visitor.who in allowed, is_form)
                asked[visitor.who] += 1
                if method == "GET" and not path.endswith("/stream"):
                    other_methods(visitor, here, visitor.who in allowed)
                    asked[visitor.who] += 3
            if method == "GET":
                line = upgraded(home, here, "")
                check(b" 101 " not in line, f"{path} became a WebSocket for nobody: {line!r}")
        hub.database.close()
        print(f"{len(routes)} routes with their methods, {len(TABLE)} lines in the table")
        print(", ".join(f"{who}: {count} requests" for who, count in sorted(asked.items())))


if __name__ == "__main__":
    run(main)
