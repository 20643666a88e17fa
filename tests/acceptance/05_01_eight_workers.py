#!/usr/bin/env python3
"""Eight worker processes on 2,000 stages, on both engines: each is done once; history proves it.

Two of the eight are killed on the way (`kill -9`): what they held is done by others, once.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update

from central.cameras import registry
from central.events import register
from central.stages import claims
from central.stages.lifecycle import Stage
from central.stages.replay import Moved, replay
from database.engine import Database, database_now
from database.migrate import upgrade
from database.models import EventStage, StageHistory
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, manifest
from tests.fakes.house import ROOT, wait_for
from tests.fakes.mariadb import die_with_parent, private_mariadb

STAGES, WORKERS, KILLED, CAMERAS = 2000, 8, 2, 5


def fill(database: Database) -> None:
    """Let 2,000 events wait for detection."""
    for number in range(CAMERAS):
        registry.register(database, camera(f"camera_{number}"), NOON)
    for number in range(STAGES):
        said = manifest(f"camera_{number % CAMERAS}", NOON + timedelta(seconds=number))
        made = register.register(database, said, datetime.now(UTC))
        database.write(partial(claims.enter, event_id=made.event_id, stage=Stage.DETECT, now=NOON))


def work(engine: str, url: str) -> None:
    """Let eight processes work it off; then read what became of it."""
    database = Database(url)
    upgrade(database)
    fill(database)
    begun = time.monotonic()
    crew = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.stage_worker", url, "detect", f"w{n}", "60", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        for n in range(WORKERS)
    ]

    def finished() -> int:
        with database.reading() as session:
            count = select(func.count()).where(EventStage.stage == "detect")
            return session.scalar(count.where(EventStage.state == "done")) or 0

    wait_for(lambda: finished() > STAGES // 10, 120, "nobody works", pause_s=0.05)
    for process in crew[:KILLED]:
        process.kill()
    for process in crew:
        process.communicate(timeout=280)
    spent_s = time.monotonic() - begun
    left = finished()
    # What the killed ones held: their leases run out, and somebody else does it.
    past = {"lease_until": datetime(2020, 1, 1, tzinfo=UTC)}
    held = update(EventStage).where(EventStage.state == "claimed").values(**past)
    database.write(lambda s: s.execute(held))
    taken = database.write(claims.expire)
    for _ in taken:
        again = database.write(lambda s: claims.claim(s, Stage.DETECT, "heir", 60))
        check(again is not None, f"{engine}: what was taken back is not given again")
        if again is not None:
            database.write(partial(claims.finish, held=again))
    prove(engine, database, len(taken))
    print(
        f"{engine}: {STAGES} stages, {WORKERS} workers, {KILLED} of them killed: {left} done "
        f"in {spent_s:.0f} s ({left / spent_s:.0f}/s), {len(taken)} taken back and done by another"
    )
    database.close()


def prove(engine: str, database: Database, taken: int) -> None:
    """Hold the rows against their history: each done exactly once, by who held it."""
    with database.reading() as session:
        rows = session.scalars(select(EventStage).where(EventStage.stage == "detect")).all()
        moves = session.scalars(
            select(StageHistory).where(StageHistory.stage == "detect").order_by(StageHistory.id)
        ).all()
        now = database_now(session)
    check(all(row.updated_at <= now for row in rows), f"{engine}: a row from the future")
    of_event: dict[int, list[StageHistory]] = defaultdict(list)
    for move in moves:
        of_event[move.event].append(move)
    verbs = Counter(move.verb for move in moves)
    check(len(rows) == len(of_event) == STAGES, f"{engine}: {len(rows)} rows, {verbs}")
    check(
        verbs == Counter(claim=STAGES + taken, finish=STAGES, expire=taken),
        f"{engine}: {dict(verbs)}, {taken} taken back",
    )
    for row in rows:
        told = replay(
            Moved(m.verb, m.from_state, m.to_state, m.attempt, m.actor, m.reason)
            for m in of_event[row.event]
        )
        stands = (row.state, row.attempt, row.spent)
        check(
            (told.state, told.attempt, told.spent) == stands and row.state == "done",
            f"{engine}: event {row.event} stands at {stands}, its history says {told}",
        )
    by = Counter(move.actor for move in moves if move.verb == "finish")
    fewest = min(by[f"w{n}"] for n in range(KILLED, WORKERS))
    check(fewest > STAGES // 100, f"{engine}: the work was not shared: {dict(by)}")


def main() -> None:
    """On both engines."""
    with tempfile.TemporaryDirectory() as folder:
        work("sqlite", f"sqlite:///{Path(folder) / 'queue.db'}")
    with private_mariadb() as server:
        work("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
