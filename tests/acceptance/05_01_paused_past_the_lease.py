#!/usr/bin/env python3
"""A worker is stopped (SIGSTOP) past its lease; another does its work; continued, it cannot settle.

Also when the stage was queued again and the same attempt numbers might have come round.
"""

import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, update

from central.cameras import registry
from central.events import register
from central.stages import claims
from central.stages.lifecycle import Stage
from database.engine import Database
from database.migrate import upgrade
from database.models import EventStage, StageHistory
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, manifest
from tests.fakes.house import ROOT, wait_for
from tests.fakes.mariadb import die_with_parent, private_mariadb


def stopped(process: "subprocess.Popen[str]") -> bool:
    """Tell whether the kernel has stopped a process."""
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"


def pause(engine: str, url: str, *, queued_again: bool) -> None:
    """Stop a worker that holds a claim, take its work away, and let it go on."""
    database = Database(url)
    upgrade(database)
    registry.register(database, camera(), NOON)
    made = register.register(database, manifest(), datetime.now(UTC))
    database.write(lambda s: claims.enter(s, made.event_id, Stage.DETECT, NOON))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.stage_worker", url, "detect", "paused", "60", "stop"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    )
    try:
        wait_for(lambda: stopped(process), 30, "the worker never stopped")
        past = datetime(2020, 1, 1, tzinfo=UTC)
        database.write(lambda s: s.execute(update(EventStage).values(lease_until=past)))
        (taken,) = database.write(claims.expire)
        if queued_again:
            # It fails for good and is queued again; the same worker's name takes it once more.
            other = database.write(lambda s: claims.claim(s, Stage.DETECT, "other", 60))
            check(other, f"{engine}: nothing to claim after the lease ran out")
            if other is not None:
                database.write(lambda s: claims.fail(s, other, "broken", permanent=True))
            database.write(lambda s: claims.requeue(s, made.event_id, Stage.DETECT, "anna", ""))
        heir = "paused" if queued_again else "other"
        again = database.write(lambda s: claims.claim(s, Stage.DETECT, heir, 60))
        check(again, f"{engine}: nothing to claim after the lease ran out")
        if again is None:
            return
        check(again.attempt > taken.attempt, f"{engine}: attempt {again.attempt} comes twice")
        if not queued_again:
            database.write(lambda s: claims.finish(s, again))
        before = standing(database)
        os.kill(process.pid, signal.SIGCONT)
        said, _ = process.communicate(timeout=30)
        check("late:" in said and "done 0" in said, f"{engine}: the paused worker said {said!r}")
        check(standing(database) == before, f"{engine}: it changed {before} to something else")
        how = "queued again meanwhile" if queued_again else "done by another meanwhile"
        print(f"{engine}, {how}: the late worker settled nothing; {said.splitlines()[1]}")
    finally:
        process.kill()
        process.wait(10)
        database.close()


def standing(database: Database) -> list[tuple[object, ...]]:
    """Return the row and its whole history."""
    with database.reading() as session:
        row = session.execute(
            select(EventStage.state, EventStage.attempt, EventStage.lease_owner).where(
                EventStage.stage == "detect"
            )
        ).one()
        moves = session.execute(
            select(StageHistory.verb, StageHistory.actor, StageHistory.attempt).order_by(
                StageHistory.id
            )
        ).all()
    return [tuple(row), *(tuple(move) for move in moves)]


def main() -> None:
    """On both engines, both ways."""
    for queued_again in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'queue.db'}"
            pause("sqlite", url, queued_again=queued_again)
    with private_mariadb() as server:
        for queued_again in (False, True):
            pause("mariadb", server.new_database(), queued_again=queued_again)


if __name__ == "__main__":
    run(main)
