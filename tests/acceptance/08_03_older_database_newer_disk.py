#!/usr/bin/env python3
"""The database's disk dies; yesterday's backup is put beside today's share.

What was recorded since comes back: events of our agents from their manifests, events of old agents
from the names of their files, ids and all. Nothing of the share is lost, nothing is doubled, and
what retention removed meanwhile is said to be gone. The real hub then shows all of it.
"""

from datetime import timedelta
from itertools import count as counting
from pathlib import Path
from typing import Any

import requests

from agent.hub_client import HubClient
from central.backup import folder
from central.clock import utc_now
from nfs.layout import FileKind, path_for
from tests.acceptance.common import check, run
from tests.fakes.events import camera, encoded, lay_on_share
from tests.fakes.house import House, house, wait_for

SCORES = counting(1)
"""Two events of an old agent differ in something."""

OURS_BEFORE, OURS_AFTER, OLD_BEFORE, OLD_AFTER = 6, 5, 3, 4


def ours(home: House, count: int, days_ago: float) -> list[str]:
    """Record events as our agents do; return their uids."""
    client = HubClient(home.url, home.home / "agents" / "front" / "token")
    uids = []
    for number in range(count):
        said = lay_on_share(
            home.share, utc_now() - timedelta(days=days_ago) + timedelta(minutes=number)
        )
        path = path_for("front", said.timestamp, said.uid, FileKind.MANIFEST)
        (home.share / path).write_text(said.model_dump_json())
        client.register_event(said)
        uids.append(str(said.uid))
    return uids


def old(home: House, count: int) -> list[int]:
    """Record events as agents in the field do; return their ids."""
    ids = []
    http = requests.Session()
    http.trust_env = False
    base = f"{home.url}/api/v1"
    body = {"camera_id": "yard", "name": "Yard", "location": "Yard", "ip_address": "127.0.0.1"}
    http.post(f"{base}/cameras/register", json=body, timeout=10).raise_for_status()
    for _number in range(count):
        said_of: dict[str, str | float] = {
            "camera_id": "yard",
            "timestamp": "2026-03-01T10:00:00",
            "motion_score": float(next(SCORES)),
        }
        answer = http.post(f"{base}/events", json=said_of, timeout=10)
        answer.raise_for_status()
        event_id = answer.json()["id"]
        path = f"yard/videos/{event_id}_20260301_100000_video.h264"
        place = home.share / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encoded()[0])
        said = {"file_type": "video", "file_path": path, "transferred": True}
        http.patch(f"{base}/events/{event_id}/files", json=said, timeout=10).raise_for_status()
        ids.append(event_id)
    return ids


def clips(share: Path) -> set[str]:
    """Return all raw clips on the share."""
    return {str(path.relative_to(share)) for path in share.rglob("*.h264")}


def main() -> None:
    """Record, back up, record more, lose the database, restore, look."""
    with house(agent_access="open") as home:
        home.camera("front", "synthetic:1")
        home.start_hub()
        HubClient(home.url, home.home / "agents" / "front" / "token").register_camera(camera())
        uids = ours(home, OURS_BEFORE, 3)
        ids = old(home, OLD_BEFORE)
        home.command("backup")
        uids += ours(home, OURS_AFTER, 0.5)
        ids += old(home, OLD_AFTER)
        home.start_jobs()
        wait_for(lambda: settled(home), 120, "not everything is converted")
        home.end()
        gone = home.share / next(path for path in sorted(clips(home.share)) if "front" in path)
        gone.unlink()
        before = clips(home.share)

        for path in home.home.glob("gatehouse.db*"):
            path.unlink()
        print(f"{len(uids)} events of ours, {len(ids)} of old agents; the database is lost")
        (made,) = folder.every(home.home / "backups")
        told = home.command("restore", str(made), "--yes")
        print("  " + "\n  ".join(line for line in told.splitlines() if "restored" not in line))
        check(f"{OURS_AFTER + OLD_AFTER} events of the share registered" in told, told)
        check("gone: front/" in told, "the file that is gone is not named")
        check(clips(home.share) == before, "clips were moved or removed")

        home.start_hub()
        home.start_jobs()
        found = wait_for(lambda: settled(home), 120, "what came back is not converted")
        check(sorted(one["uid"] for one in found if one["uid"] in uids) == sorted(uids), "uids")
        yard = {one["id"] for one in found if one["camera_id"] == "yard"}
        check(yard == set(ids), f"old agents' events {sorted(yard)}, due {ids}")
        check(len(found) == len(uids) + len(ids), f"{len(found)} events")
        (fresh,) = old(home, 1)
        check(fresh > max(ids), f"a new event got the id {fresh} of an old one")
        wait_for(lambda: settled(home), 60, "the new event is not converted")
        home.end()
        check("should be" in home.command("check"), "the check finds something")
        print(
            f"all {len(found)} events are there once, those of old agents under their ids; every "
            f"video plays; the next event gets id {fresh}; check is clean"
        )


def settled(home: House) -> list[dict[str, Any]]:
    """Return all events once every conversion has come to its end."""
    found = home.events(home.session())
    states = [one["mp4_conversion_status"] for one in found]
    return found if all(state in ("complete", "failed") for state in states) else []


if __name__ == "__main__":
    run(main)
