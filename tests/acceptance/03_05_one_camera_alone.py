#!/usr/bin/env python3
"""A viewer of one camera sees no byte of another: in no page, list, search, stream or file.

Two cameras, two events each; every file of the other camera holds a mark. The viewer follows every
address that pages and answers give, and every address that could be guessed; so does an admin, who
finds everything: the marks are there to be found.
"""

import hashlib
import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import requests

from central.accounts import users
from central.accounts.asker import SESSION_COOKIE
from central.accounts.login import log_in
from central.audit.log import COMMAND
from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events import register
from central.settings import Settings
from database.engine import Database
from nfs.layout import FileKind, path_for
from nfs.manifest import FileEntry
from tests.acceptance.common import check, run
from tests.fakes.events import camera, lay_on_share
from tests.fakes.house import House, house, wait_for

PASSWORD = "correct horse battery"
OWN, OTHER = "front", "cellar_7"
MARK = "Kellergeist"
"""Stands in every file, name and place of the other camera, and nowhere else."""

LINKS = re.compile(r'(?:href|src|poster|hx-get|data-[\w-]+|action)="([^"#]+)')


@dataclass
class Seen:
    """What somebody was given: address → status and bytes."""

    told: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def where(self, *marks: bytes) -> list[str]:
        """Return the addresses whose answers hold one of the marks."""
        return [at for at, (_, body) in self.told.items() if any(mark in body for mark in marks)]


def event_of(hub: Hub, name: str, hours_ago: int) -> tuple[int, str]:
    """Register an event with every kind of picture; return its id and uid."""
    root, at = hub.settings.share_root, utc_now() - timedelta(hours=hours_ago)
    said = lay_on_share(root, at, camera_id=name, clip=None if name == OWN else MARK.encode() * 999)
    entries = list(said.files)
    for kind in (FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL):
        relative = path_for(name, said.timestamp, said.uid, kind)
        content = (MARK if name == OTHER else "mine").encode() * 50
        (root / relative).write_bytes(content)
        entries.append(
            FileEntry(
                kind=kind,
                path=str(relative),
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    told = said.model_copy(update={"files": entries})
    return register.register(hub.database, told, utc_now()).event_id, str(said.uid)


def guesses(ids: list[int], uids: list[str]) -> Iterator[str]:
    """Yield what somebody could try who knows the names of everything."""
    day = f"{utc_now():%Y-%m-%d}"
    for page in ("/", "/gallery/more"):
        yield from (f"{page}?camera={OTHER}", f"{page}?camera=", f"{page}?day={day}")
    for query in (
        "",
        f"?camera_id={OTHER}",
        f"?date={day}",
        "?offset=0&limit=200",
        "?status=complete",
    ):
        yield f"/api/v1/events{query}"
    for name in (OTHER, OTHER.upper(), f"{OTHER}:agent"):
        yield f"/api/v1/logs?source={name}&limit=1000"
        yield f"/api/v1/cameras/{name}/stats"
    yield from (f"/api/v1/logs?event_uid={uid}" for uid in uids)
    yield from ("/api/v1/logs", f"/api/v1/logs?text={MARK}", "/api/v1/cameras", "/api/v1/audit")
    yield from (f"/api/v1/audit/export?format={kind}" for kind in ("csv", "jsonl"))
    for number in ids:
        yield from (f"/events/{number}{part}" for part in ("", "/card", "/player", "/stages"))
        yield f"/api/v1/events/{number}"
        for kind in FileKind:
            yield f"/api/v1/events/{number}/media/{kind}"
            yield f"/api/v1/events/{number}/media/{kind}?download=true"


def walk(home: House, cookie: str, begin: list[str]) -> Seen:
    """Ask every address, and every address that the answers name."""
    seen, waiting = Seen(), list(begin)
    with requests.Session() as http:
        http.trust_env = False
        http.cookies.set(SESSION_COOKIE, cookie)
        while waiting:
            address = waiting.pop()
            path = urlsplit(address).path
            if address in seen.told or path.endswith(("/stream", "/logout")):
                continue
            for accept in ("application/json", "text/html"):
                for byte_range in (None, "bytes=5-400"):
                    headers = {"Accept": accept} | ({"Range": byte_range} if byte_range else {})
                    answer = http.get(home.url + address, headers=headers, timeout=20)
                    key = address if accept == "text/html" and not byte_range else f"{address} "
                    status, body = seen.told.get(key, (answer.status_code, b""))
                    head = json.dumps(dict(answer.headers)).encode()
                    seen.told[key] = (status, body + head + answer.content)
            for link in LINKS.findall(
                answer.text if "html" in answer.headers["Content-Type"] else ""
            ):
                full = urlsplit(urljoin(home.url + address, html.unescape(link)))
                if full.netloc == urlsplit(home.url).netloc and not full.path.startswith("/static"):
                    waiting.append(full.path + (f"?{full.query}" if full.query else ""))
    return seen


def refs(lines: list[str]) -> list[int]:
    """Return the events that a stream told of."""
    told = (json.loads(line[5:]) for line in lines if line.startswith("data:"))
    return [said["id"] for said in told if said.get("kind") == "event"]


def heard(home: House, cookie: str, hub: Hub) -> list[str]:
    """Listen to the stream while an event of each camera arrives; return its lines."""
    lines: list[str] = []
    answer = requests.get(
        f"{home.url}/api/v1/stream", cookies={SESSION_COOKIE: cookie}, stream=True, timeout=30
    )

    def listen() -> None:
        try:
            for line in answer.iter_lines(chunk_size=1):
                lines.append(line.decode())
        except Exception:
            return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    wait_for(lambda: lines, 10, "the stream says nothing")
    other, _ = event_of(hub, OTHER, 0)
    own, _ = event_of(hub, OWN, 0)
    wait_for(lambda: own in refs(lines), 10, lambda: f"its own event was not heard of: {lines}")
    check(other not in refs(lines), f"the stream told her of event {other}: {lines}")
    answer.close()
    thread.join(5)
    return lines


def main() -> None:
    """Walk as a viewer of one camera, and as an admin."""
    with house(requests_per_minute="1000000") as home:
        hub = Hub(
            Settings(home=home.home), Database(f"sqlite:///{home.home / 'gatehouse.db'}"), utc_now
        )
        registry.register(hub.database, camera(OWN, "Front door"), utc_now())
        registry.register(hub.database, camera(OTHER, f"{MARK} room"), utc_now())
        mine = [event_of(hub, OWN, hours) for hours in (1, 3)]
        theirs = [event_of(hub, OTHER, hours) for hours in (2, 4)]
        home.start_hub()
        users.add(hub, COMMAND, "anna", "viewer", PASSWORD, (OWN,))
        users.add(hub, COMMAND, "root", "admin", PASSWORD, "all")
        anna, root = log_in(hub, "anna", PASSWORD) or "", log_in(hub, "root", PASSWORD) or ""
        begin = ["/", *guesses([id for id, _ in theirs], [uid for _, uid in theirs])]
        own = [f"/api/v1/events/{mine[0][0]}/media/{FileKind.CLIP}"]
        marks = [MARK.encode(), *(uid.encode() for _, uid in theirs)]
        hers, his = walk(home, anna, begin + own), walk(home, root, begin + own)
        there, found = hers.where(*marks), his.where(*marks)
        check(not there, f"she is shown the other camera at {there[:5]}")
        check(len(found) > 30, f"the admin finds it at {len(found)} addresses only: no test")
        check(hers.told[own[0]][0] == 200, "she does not get her own clip")
        number = theirs[0][0]
        leads = [
            at
            for at, (_, body) in hers.told.items()
            if f"/events/{number}" not in at and f"/events/{number}".encode() in body
        ]
        check(not leads, f"she is led to event {number} by {leads}")
        given = [
            at
            for at, (status, _) in hers.told.items()
            if re.search(rf"/events/{number}\b", at) and status in (200, 206)
        ]
        check(not given, f"she is given {given}")
        lines = heard(home, anna, hub)
        said = " ".join(lines)
        check(OTHER not in said and MARK not in said, f"the stream told her of it: {lines}")
        hub.database.close()
        print(f"the viewer asked {len(hers.told)} addresses: no byte of the other camera")
        print(f"the admin asked {len(his.told)} addresses and found it at {len(found)}")
        print(f"the stream told the viewer {len(lines)} lines, none of the other camera")


if __name__ == "__main__":
    run(main)
