#!/usr/bin/env python3
"""Two jobs processes, 500 waiting stages, on MariaDB and on SQLite: both get work, each once."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from central.cameras import registry
from central.events import register
from database.engine import Database
from database.models import EventStage, StageHistory
from tests.acceptance.common import check, run
from tests.fakes.events import NOON, camera, lay_on_share
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import private_mariadb

STAGES = 500


def fill(home: House, database: Database) -> None:
    """Register 500 events; their clips are copies of one."""
    registry.register(database, camera(), NOON)
    pattern = lay_on_share(home.share)
    for number in range(STAGES):
        at = NOON + timedelta(seconds=number)
        said = lay_on_share(home.share, at) if number else pattern
        register.register(database, said, datetime.now(UTC))


def share_out(engine: str, url: str | None) -> None:
    """Let two jobs processes work it off and look at who did what."""
    with house(url) as home:
        database = Database(url or f"sqlite:///{home.home / 'gatehouse.db'}")
        fill(home, database)
        for name in ("jobs_a", "jobs_b"):
            home.start_jobs(name)
        pids = {name: str(home.processes[name].pid) for name in home.processes}

        def states() -> Counter[str]:
            with database.reading() as session:
                rows = session.execute(
                    select(EventStage.state, func.count()).group_by(EventStage.state)
                )
                return Counter({state: count for state, count in rows})

        wait_for(lambda: states()["done"] == STAGES, 240, lambda: f"{states()}")
        home.end()
        with database.reading() as session:
            moves = session.execute(
                select(StageHistory.event, StageHistory.verb, StageHistory.actor)
            ).all()
        database.close()
        claimed = Counter(move.event for move in moves if move.verb == "claim")
        done = Counter(move.event for move in moves if move.verb == "finish")
        check(set(claimed.values()) == {1}, f"{engine}: claimed more than once: {claimed}")
        check(len(done) == STAGES and set(done.values()) == {1}, f"{engine}: {len(done)} done")
        by = Counter(
            name
            for move in moves
            if move.verb == "finish"
            for name, pid in pids.items()
            if f":{pid}/" in move.actor
        )
        check(min(by[name] for name in pids) >= STAGES // 10, f"{engine}: {dict(by)}")
        print(f"{engine}: {STAGES} stages, each done once: {dict(by)}")


def main() -> None:
    """On both engines."""
    share_out("sqlite", None)
    with private_mariadb() as server:
        share_out("mariadb", server.new_database())


if __name__ == "__main__":
    run(main)
