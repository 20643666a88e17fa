#!/usr/bin/env python3
"""`kill -9` at each system call: of the agent that records and publishes, of the hub that
registers, of the jobs that convert. Afterwards: every event once, every file there, every stage
ends done.
"""

import hashlib
import json
import logging
import shutil
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from agent.hub_client import HubClient
from agent.publisher import Publisher
from agent.spool import Spool
from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events import query, register
from central.media.convert import Converter
from central.settings import Settings
from central.stages import claims
from central.stages.lifecycle import Stage
from central.stages.runner import Worker
from database.engine import Database
from database.migrate import upgrade
from database.models import Event, EventStage
from nfs.layout import AGENT_NAMES, FileKind
from nfs.manifest import Manifest
from nfs.share import Share, make_share
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, encoded, lay_on_share
from tests.fakes.hub import fake_hub
from tests.fakes.spooled import complete
from tests.faults.power_cut import sweep


def files_are_whole(share: Path, told: dict[str, object]) -> None:
    """Hold every file that a registered manifest names against its size and hash."""
    entries = told["files"]
    if not isinstance(entries, list):
        raise TypeError("files are no list")
    for entry in entries:
        data = (share / entry["path"]).read_bytes()
        check(hashlib.sha256(data).hexdigest() == entry["sha256"], f"{entry['path']} is not whole")


def publishing(folder: Path) -> int:
    """Cut the agent while it publishes two events; return the number of cuts."""
    with fake_hub() as hub:
        spool_folder, share = folder / "spool", folder / "share"
        uids: list[str] = []

        def publish() -> None:
            spool = Spool(spool_folder, "front", 10**9)
            spool.salvage()
            Publisher(spool, Share(share), HubClient(hub.url, None), camera()).publish_pending()

        def prepare() -> None:
            for place in (spool_folder, share):
                shutil.rmtree(place, ignore_errors=True)
            share.mkdir()
            make_share(share)
            hub.events.clear()
            hub.order.clear()
            uids[:] = [str(complete(Spool(spool_folder, "front", 10**9), n).uid) for n in range(2)]

        def examine(call: int) -> None:
            publish()
            check(hub.order == uids, f"call {call}: the hub has {hub.order}, not {uids}")
            for told in hub.events.values():
                files_are_whole(share, told)
            check(list(spool_folder.iterdir()) == [], f"call {call}: the spool is not empty")
            left = [path.name for path in share.rglob("*.part")]
            check(not left, f"call {call}: {left} is left on the share")

        return sweep(prepare, publish, examine, within_s=400)


def recording(folder: Path) -> int:
    """Cut the agent while it records one event; return the number of cuts."""
    spool_folder = folder / "spool"
    data, units = encoded()

    def record() -> None:
        complete(Spool(spool_folder, "front", 10**9))

    def prepare() -> None:
        shutil.rmtree(spool_folder, ignore_errors=True)

    def examine(call: int) -> None:
        spool = Spool(spool_folder, "front", 10**9)
        begun = any((path / "open.json").exists() for path in spool_folder.iterdir())
        spool.salvage()
        whole = spool.complete()
        check(len(whole) == begun, f"call {call}: {len(whole)} events of {int(begun)} begun")
        for place in whole:
            told = json.loads((place / AGENT_NAMES[FileKind.MANIFEST]).read_bytes())
            if told["clip"] is None:
                continue
            clip = (place / AGENT_NAMES[FileKind.CLIP]).read_bytes()
            kept = sum(unit.size_bytes for unit in units[: told["clip"]["packets"]])
            check(clip == data[:kept], f"call {call}: the clip is not the first pictures")

    return sweep(prepare, record, examine, within_s=300)


def make_hub(folder: Path) -> Hub:
    """Make a hub with one camera, on SQLite."""
    (folder / "share").mkdir(parents=True)
    database = Database(f"sqlite:///{folder / 'gatehouse.db'}")
    upgrade(database)
    registry.register(database, camera(), NOON)
    return Hub(Settings(home=folder, timezone="UTC", lease_s=60), database, utc_now)


def reopened(hub: Hub) -> Hub:
    """Return the same hub with connections of its own: a fork must not share them."""
    return Hub(hub.settings, Database(hub.settings.url_of_database), hub.clock)


def registering(folder: Path) -> int:
    """Cut the hub while it registers an event; the agent asks again; return the number of cuts."""
    hub = make_hub(folder)
    said: list[Manifest] = []

    def prepare() -> None:
        at = NOON + timedelta(seconds=len(said))
        said.append(lay_on_share(hub.settings.share_root, at))
        hub.database.close()

    def work() -> None:
        own = reopened(hub)
        register.register(own.database, said[-1], NOON)
        own.database.close()

    def examine(call: int) -> None:
        done = register.register(hub.database, said[-1], NOON)
        with hub.database.reading() as session:
            rows = session.scalar(select(func.count(Event.id)))
            facts = query.one(session, done.event_id)
        check(rows == len(said), f"call {call}: {rows} events of {len(said)}")
        check(facts and len(facts.files) == 2 and facts.stages, f"call {call}: half an event")

    return sweep(prepare, work, examine, within_s=300)


def converting(folder: Path) -> int:
    """Cut the jobs while they convert an event; return the number of cuts."""
    hub = make_hub(folder)
    root = hub.settings.share_root
    made = 0

    def convert() -> None:
        own = reopened(hub)
        converter = Converter(own)
        Worker(own.database, Stage.CONVERT, "jobs", converter, 60).run_until_dry(threading.Event())
        converter.close()
        own.database.close()

    def prepare() -> None:
        nonlocal made
        made += 1
        said = lay_on_share(root, NOON + timedelta(seconds=made))
        register.register(hub.database, said, datetime.now(UTC))
        hub.database.close()

    def examine(call: int) -> None:
        past = datetime(2020, 1, 1, tzinfo=UTC)
        held = update(EventStage).where(EventStage.state == "claimed").values(lease_until=past)
        hub.database.write(lambda session: session.execute(held))
        hub.database.write(claims.expire)
        convert()
        with hub.database.reading() as session:
            facts = query.one(session, made)
        check(facts is not None, f"call {call}: the event is gone")
        if facts is None:
            return
        state = facts.stages["convert"]
        check(state.state == "done", f"call {call}: {state.state}, {state.last_error}")
        mp4 = facts.files[FileKind.MP4]
        data = (root / mp4.path).read_bytes()
        check(hashlib.sha256(data).hexdigest() == mp4.sha256, f"call {call}: the MP4 is not whole")

    return sweep(prepare, convert, examine, within_s=500)


def main() -> None:
    """Sweep all four."""
    logging.disable(logging.CRITICAL)
    for name, cut in (
        ("agent, recording and closing an event", recording),
        ("agent, publishing two events", publishing),
        ("hub, registering an event", registering),
        ("jobs, converting an event", converting),
    ):
        with tempfile.TemporaryDirectory(prefix="gatehouse-cuts-") as folder:
            print(f"{name}: {cut(Path(folder))} cuts, nothing lost or doubled", flush=True)


if __name__ == "__main__":
    run(main)
