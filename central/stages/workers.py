"""Who works through stages, and when they were last heard of. Owner of `worker`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.stages.lifecycle import Stage, State
from database.engine import Database, is_duplicate
from database.models import EventStage
from database.models import Worker as WorkerRow

AT_WORK_FOR = timedelta(seconds=90)
"""Who was heard of this lately counts as at work."""

FORGOTTEN_AFTER = timedelta(days=30)
TOLD_ANEW_AFTER = timedelta(seconds=15)
"""A worker that looks for work twice a second says so this often."""

_ROWS: Table = WorkerRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class WorkerFacts:
    """A worker. `claims` are the stages it holds: (event, stage), oldest lease first."""

    name: str
    stages: tuple[Stage, ...]
    is_remote: bool
    started_at: datetime
    seen_at: datetime
    claims: tuple[tuple[int, Stage], ...] = ()

    def is_at_work(self, now: datetime) -> bool:
        """Tell whether it was heard of lately."""
        return now - self.seen_at < AT_WORK_FOR


def heard_of(
    database: Database, name: str, stages: list[Stage], now: datetime, *, is_remote: bool
) -> None:
    """Note that a worker is there and which stages it takes."""
    listed = f",{','.join(sorted(stages))},"
    said = {"stages": listed, "is_remote": is_remote, "seen_at": now}

    def known(session: Session) -> bool:
        done = session.execute(update(_ROWS).where(_ROWS.c.name == name).values(**said))
        return bool(getattr(done, "rowcount", 0))

    if database.write(known, idempotent=True):
        return
    try:
        database.write(
            lambda session: session.execute(insert(_ROWS).values(name=name, started_at=now, **said))
        )
    except IntegrityError as error:
        if not is_duplicate(error):
            raise  # else: another request of the same worker was faster


def listed(session: Session) -> list[WorkerFacts]:
    """Return all workers that are remembered, those heard of latest first, with what they hold."""
    held: dict[str, list[tuple[int, Stage]]] = {}
    for row in session.execute(
        select(EventStage.event, EventStage.stage, EventStage.lease_owner)
        .where(EventStage.state == State.CLAIMED)
        .order_by(EventStage.lease_until)
        .limit(1000)
    ):
        held.setdefault(row.lease_owner, []).append((row.event, Stage(row.stage)))
    rows = session.execute(select(_ROWS).order_by(_ROWS.c.seen_at.desc()).limit(500)).all()
    return [
        WorkerFacts(
            row.name,
            tuple(Stage(name) for name in row.stages.split(",") if name in set(Stage)),
            row.is_remote,
            row.started_at,
            row.seen_at,
            tuple(held.get(row.name, ())),
        )
        for row in rows
    ]


def at_work(session: Session, stage: Stage, since: datetime) -> int:
    """Return how many workers that take this stage were heard of since then."""
    return (
        session.scalar(
            select(func.count())
            .select_from(_ROWS)
            .where(_ROWS.c.seen_at >= since, _ROWS.c.stages.contains(f",{stage},"))
        )
        or 0
    )


def forget_old(session: Session, now: datetime) -> None:
    """Drop workers that were not heard of for a month."""
    session.execute(delete(_ROWS).where(_ROWS.c.seen_at < now - FORGOTTEN_AFTER))


class Roll:
    """Which workers have just been heard of, and whose turn is next. One a process; thread-safe.

    Remembers so that a worker that asks twice a second costs a write every quarter of a minute.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[datetime, tuple[Stage, ...]]] = {}
        self._turns: dict[str, int] = {}

    def heard_of(
        self, database: Database, name: str, stages: list[Stage], now: datetime, *, is_remote: bool
    ) -> None:
        """Note that a worker is there, unless that was just noted."""
        before = self._told.get(name)
        said = tuple(sorted(stages))
        if before and before[1] == said and now - before[0] < TOLD_ANEW_AFTER:
            return
        heard_of(database, name, stages, now, is_remote=is_remote)
        if len(self._told) > 1000:
            self._told.clear()
            self._turns.clear()
        self._told[name] = (now, said)

    def turn(self, name: str) -> int:
        """Return the camera that this worker served last, 0 when none."""
        return self._turns.get(name, 0)

    def served(self, name: str, camera: int) -> None:
        """Remember whom this worker served."""
        self._turns[name] = camera
