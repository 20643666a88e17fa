#!/usr/bin/env python3
"""500 events through a way that loses 30 % of the hub's replies: 500 rows, 500 clips, twice over.

The events lie in a spool as the pipeline leaves them; the agent's own publisher brings them to
share and hub. A lost reply: the hub has done the work, and the agent cannot know.
"""

import tempfile
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from agent.hub_client import HubAway, HubClient
from agent.publisher import Publisher
from agent.spool import Spool
from database.engine import Database
from database.models import Event, EventFile, EventStage, EventTotal
from nfs.layout import FileKind, parse
from nfs.share import Share
from tests.acceptance.common import check, run
from tests.fakes.events import camera
from tests.fakes.house import House, house
from tests.fakes.mariadb import private_mariadb
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.spooled import VERDICT, begin

EVENTS = 500
LOSING = 0.3
PACKETS = 3


def fill(spool: Spool) -> list[UUID]:
    """Put the events into the spool, each with a short clip; return their uids in order."""
    uids = []
    for number in range(EVENTS):
        event = begin(spool, number, PACKETS)
        uids.append(event.close(VERDICT, event.opening.timestamp).uid)
    return uids


def publish(home: House, spool: Spool, way: Proxy) -> None:
    """Publish until nothing is left, however often the way breaks."""
    token = home.home / "agents/front/token"
    publisher = Publisher(spool, Share(home.share), HubClient(way.url, token), camera())
    for _ in range(EVENTS * 10):
        try:
            publisher.publish_pending()
            return
        except HubAway:
            continue
    raise AssertionError("the spool never became empty")


def lose(engine: str, url: str | None) -> None:
    """Publish everything to a real hub and count what stands there."""
    with house(url) as home, tempfile.TemporaryDirectory() as folder:
        home.camera("front", "synthetic:1")
        home.start_hub()
        spool = Spool(Path(folder) / "spool", "front", 2 * 1024**3)
        uids = fill(spool)
        with proxy(home.port, losing=LOSING, seed=7) as way:
            publish(home, spool, way)
        left = list(spool.complete())
        check(not left, f"{engine}: {len(left)} events are still in the spool")
        check(way.lost > EVENTS * LOSING / 2, f"{engine}: only {way.lost} replies were lost")
        look(engine, url or f"sqlite:///{home.home / 'gatehouse.db'}", home, uids)
        print(
            f"{engine}: {EVENTS} events, {way.lost} replies lost: {EVENTS} rows and clips, each "
            "once, in order"
        )


def look(engine: str, url: str, home: House, uids: list[UUID]) -> None:
    """Count rows and files."""
    database = Database(url)
    with database.reading() as session:
        stored = session.scalars(select(Event.uid).order_by(Event.id)).all()
        clips = session.scalar(select(func.count()).where(EventFile.kind == FileKind.CLIP))
        stages = session.scalar(select(func.count()).select_from(EventStage))
        total = session.scalar(select(func.sum(EventTotal.events)))
    database.close()
    check(stored == [str(uid) for uid in uids], f"{engine}: {len(stored)} rows, or out of order")
    counts = {"clips": clips, "stages": stages, "total": total}
    check(set(counts.values()) == {EVENTS}, f"{engine}: {counts}")
    there = [parse(str(path.relative_to(home.share))) for path in home.share.rglob("*.h264")]
    check(
        sorted(found.uid for found in there if found) == sorted(uids),
        f"{engine}: {len(there)} clips on the share",
    )
    odd = [path.name for path in home.share.rglob("*.part")]
    check(not odd, f"{engine}: half files are left: {odd[:3]}")


def main() -> None:
    """On both databases."""
    lose("sqlite", None)
    with private_mariadb() as server:
        lose("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
