#!/usr/bin/env python3
"""`kill -9` at each system call of the hub that registers and of the jobs that convert.

Afterwards: every event once, every file there, every stage ends done. The agent's part has an
executable of its own.
"""

import hashlib
import logging
import os
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

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
from nfs.layout import FileKind
from nfs.manifest import Manifest
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, lay_on_share
from tests.faults.power_cut import Swept, sweep_each_kind

EVERYTHING = bool(os.environ.get("GATEHOUSE_TEST_LONG"))


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


def registering(folder: Path) -> Swept:
    """Cut the hub while it registers an event; the agent asks again; return what was cut."""
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

    return sweep_each_kind(prepare, work, examine, everything=EVERYTHING, within_s=300)


def converting(folder: Path) -> Swept:
    """Cut the jobs while they convert an event; return what was cut."""
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

    return sweep_each_kind(prepare, convert, examine, everything=EVERYTHING, within_s=300)


def main() -> None:
    """Sweep all four."""
    logging.disable(logging.CRITICAL)
    for name, cut in (
        ("hub, registering an event", registering),
        ("jobs, converting an event", converting),
    ):
        with tempfile.TemporaryDirectory(prefix="gatehouse-cuts-") as folder:
            done = cut(Path(folder))
            print(
                f"{name}: {done.cuts} cuts over {done.kinds} kinds of calls ({done.calls} calls in "
                f"a whole run), nothing lost or doubled",
                flush=True,
            )


if __name__ == "__main__":
    run(main)
