#!/usr/bin/env python3
"""A share that is really full: retention makes room, and is killed at its system calls meanwhile.

The share is a file system of 32 MB that is filled to the last block. Afterwards rows and files
agree, the newest events are there, and what must stay has stayed.
"""

import logging
import os
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events.register import register
from central.settings import Settings
from central.storage import garbage
from central.storage.keeper import keep
from database.engine import Database
from database.migrate import upgrade
from database.models import Event, EventFile, EventStage
from nfs.layout import FileKind, parse
from nfs.share import make_share
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, lay_small
from tests.faults.power_cut import sweep_each_kind

EVERYTHING = bool(os.environ.get("GATEHOUSE_TEST_LONG"))
SIZE = "32m"
CLIP_BYTES = 400_000


def in_own_mounts() -> None:
    """Run again where a mount of ours is seen by nobody else, and ends with us."""
    if os.environ.get("GATEHOUSE_OWN_MOUNTS"):
        return
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    told = {**os.environ, "GATEHOUSE_OWN_MOUNTS": "1"}
    os.execvpe("unshare", ["unshare", "--mount", *as_root, sys.executable, *sys.argv], told)


def mounted(folder: Path) -> Hub:
    """Return a hub whose share is a small file system of its own."""
    share = folder / "share"
    share.mkdir()
    code = os.spawnlp(
        os.P_WAIT, "mount", "mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(share)
    )
    check(code == 0, "the small file system cannot be mounted")
    database = Database(f"sqlite:///{folder / 'gatehouse.db'}")
    upgrade(database)
    make_share(share)
    registry.register(database, camera(), NOON)
    return Hub(Settings(home=folder, timezone="UTC"), database, lambda: after_the_newest(database))


def after_the_newest(database: Database) -> datetime:
    """Return a time at which no event is too young to go."""
    with database.reading() as session:
        return (session.scalar(select(func.max(Event.started_at))) or NOON) + timedelta(days=1)


def record(hub: Hub, at: datetime, state: str = "done") -> int:
    """Put one event on the share and into the database."""
    said = lay_small(hub.settings.share_root, at, size_bytes=CLIP_BYTES)
    event_id = register(hub.database, said, at).event_id
    stage = update(EventStage).where(EventStage.event == event_id).values(state=state)
    hub.database.write(lambda session: session.execute(stage))
    return event_id


def fill(hub: Hub, at: datetime) -> datetime:
    """Record events until nothing more fits on the disk; return when the last one was."""
    while True:
        before = {path for path in hub.settings.share_root.rglob("*") if path.is_file()}
        try:
            record(hub, at)
        except OSError:  # the disk is full: what came of the last one is no event
            for path in hub.settings.share_root.rglob("*"):
                if path.is_file() and path not in before:
                    path.unlink()
            return at
        at += timedelta(minutes=1)


def free(hub: Hub) -> float:
    """Return the part of the share's disk that is free."""
    facts = os.statvfs(hub.settings.share_root)
    return facts.f_bavail / facts.f_blocks


def disagreement(hub: Hub) -> str:
    """Return how rows and files differ, or nothing."""
    root = hub.settings.share_root
    there = {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    with hub.database.reading() as session:
        rows = set(session.scalars(select(EventFile.path)))
        uids = set(session.scalars(select(Event.uid)))
        left = garbage.pending(session)
    manifests = {p for p in there if (said := parse(p)) and said.kind is FileKind.MANIFEST}
    if left:
        return f"{left} files are still noted as garbage"
    if rows != there - manifests:
        lost, stray = sorted(rows - there), sorted(there - rows - manifests)
        return (
            f"{len(lost)} rows without file {lost[:2]}, {len(stray)} files without row {stray[:2]}"
        )
    if {str(said.uid) for p in manifests if (said := parse(p))} != uids:
        return "manifests and events differ"
    return ""


def filling_up(hub: Hub) -> datetime:
    """Fill the disk, let retention make room, and look; return when the last event was."""
    held = record(hub, NOON - timedelta(days=1), "claimed")
    last = fill(hub, NOON)
    check(free(hub) < 0.05, f"the disk is only {1 - free(hub):.0%} full")
    full = free(hub)
    done = keep(hub)
    check(0.15 <= free(hub) < 0.20, f"{free(hub):.1%} is free after retention")
    check(not disagreement(hub), disagreement(hub))
    with hub.database.reading() as session:
        left = list(session.scalars(select(Event.id).order_by(Event.started_at)))
    check(left[0] == held, "the claimed event, the oldest of all, is gone")
    check(left[-1] > len(left), "the newest event is gone")
    print(
        f"a disk of {SIZE} with {full:.1%} free: {done.events} oldest events went, {free(hub):.1%} "
        f"free, {len(left)} stay, the claimed one among them"
    )
    check(keep(hub).events == 0, "a second round removed more")
    print("a second round finds enough room and removes nothing")
    return last


def cut_in_the_middle(hub: Hub, last: datetime) -> None:
    """Kill retention at its system calls; each time the next round ends what it began."""

    def prepare() -> None:
        nonlocal last
        last = fill(hub, last)
        hub.database.close()

    def work() -> None:
        own = Hub(hub.settings, Database(hub.settings.url_of_database), hub.clock)
        keep(own)
        own.database.close()

    def examine(call: int) -> None:
        with hub.database.reading() as session:
            rows = set(session.scalars(select(EventFile.path)))
        lost = [path for path in rows if not (hub.settings.share_root / path).is_file()]
        check(not lost, f"call {call}: {len(lost)} rows whose files are gone: {lost[:2]}")
        keep(hub)
        check(not disagreement(hub), f"call {call}: {disagreement(hub)}")
        check(free(hub) >= 0.10, f"call {call}: {free(hub):.1%} free")

    done = sweep_each_kind(prepare, work, examine, everything=EVERYTHING, within_s=600)
    print(
        f"killed at {done.cuts} calls of {done.kinds} kinds ({done.calls} calls in a whole round): "
        "no row without its file at any cut, and the next round always ended what was begun"
    )


def main() -> None:
    """Fill, clean, cut."""
    logging.disable(logging.CRITICAL)
    begun = utc_now()
    with tempfile.TemporaryDirectory(prefix="gatehouse-full-") as folder:
        hub = mounted(Path(folder))
        try:
            cut_in_the_middle(hub, filling_up(hub))
        finally:
            hub.database.close()
            os.spawnlp(os.P_WAIT, "umount", "umount", str(hub.settings.share_root))
    check(utc_now() - begun < timedelta(minutes=12), "it took too long")


if __name__ == "__main__":
    in_own_mounts()
    run(main)
