"""Reading the queue: what waits, what is being done, what has ended, and when it will be done."""

import statistics
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from central.stages import workers
from central.stages.lifecycle import Stage, State, Verb
from central.stages.pace import Waiting, eta_s, serving_order
from database.models import Camera, EventStage, StageHistory

MEASURED = 20
"""So many of the last ones that were done tell how long one takes."""

LOOKED_BACK = 20_000
"""Moves among which they are looked for: a stage that nobody works at must cost nothing."""

FORESEEN = 2_000
"""Waiting stages that are put in order; of those behind them nothing is foretold."""

LISTED = 10_000
"""So many stages of a state that few are in can be listed."""

_FEW = frozenset({State.WAITING, State.CLAIMED, State.FAILED})


@dataclass(frozen=True)
class Wanted:
    """What is looked for. `cameras` are public names; None: all."""

    stage: Stage | None = None
    state: State | None = None
    event_id: int | None = None
    cameras: frozenset[str] | None = None


@dataclass(frozen=True)
class StageRow:
    """One stage of one event. `eta_s` is None unless it waits and its end can be foreseen."""

    event_id: int
    camera_id: str
    stage: Stage
    state: State
    priority: int
    attempt: int
    spent: int
    worker: str | None
    lease_until: datetime | None
    not_before: datetime
    last_error: str | None
    updated_at: datetime
    eta_s: float | None


@dataclass(frozen=True)
class Page:
    """Stages, those of the newest events first, and after which one the next page begins."""

    rows: list[StageRow]
    next: tuple[int, Stage] | None


@dataclass(frozen=True)
class Backlog:
    """What waits for one stage: how many (counted no further than `FORESEEN`), who is at it."""

    stage: Stage
    waiting: int
    claimed: int
    workers: int
    typical_s: float | None
    eta_s: float | None


def page(
    session: Session, wanted: Wanted, limit: int, after: tuple[int, Stage] | None, now: datetime
) -> Page:
    """Return up to `limit` stages that follow `after`, those of the newest events first."""
    query = (
        select(EventStage, Camera.camera_id)
        .join(Camera, Camera.id == EventStage.camera)
        .where(*_conditions(wanted))
        .order_by(EventStage.event.desc(), EventStage.stage)
        .limit(limit + 1)
    )
    if after is not None:
        event, stage = after
        # Not (a, b) < (?, ?): MariaDB does not use the index for that.
        query = query.where(
            EventStage.event <= event, or_(EventStage.event < event, EventStage.stage > stage)
        )
    found = session.execute(query).all()
    foreseen = _foreseen(session, {row.stage for row, _ in found[:limit]}, now)
    rows = [_shown(row, camera_id, foreseen) for row, camera_id in found[:limit]]
    last = rows[-1] if len(found) > limit else None
    return Page(rows, (last.event_id, last.stage) if last else None)


def backlogs(session: Session, now: datetime) -> list[Backlog]:
    """Return what waits for each stage."""
    found = []
    for stage in Stage:
        took_s = lately_took_s(session, stage)
        waiting = _count(session, stage, State.WAITING)
        crew = workers.at_work(session, stage, now - workers.AT_WORK_FOR)
        found.append(
            Backlog(
                stage,
                waiting,
                _count(session, stage, State.CLAIMED),
                crew,
                statistics.median(took_s) if took_s else None,
                eta_s(waiting - 1, took_s, crew) if waiting else None,
            )
        )
    return found


def lately_took_s(session: Session, stage: Stage) -> list[float]:
    """Return how long the last ones of a stage took, from claim to finish, newest first."""
    newest = session.scalar(select(func.max(StageHistory.id))) or 0
    begun = aliased(StageHistory)
    rows = session.execute(
        select(begun.at, StageHistory.at)
        .join(
            begun,
            (begun.event == StageHistory.event)
            & (begun.stage == StageHistory.stage)
            & (begun.attempt == StageHistory.attempt)
            & (begun.verb == Verb.CLAIM),
        )
        .where(
            StageHistory.id > newest - LOOKED_BACK,
            StageHistory.stage == stage,
            StageHistory.verb == Verb.FINISH,
        )
        .order_by(StageHistory.id.desc())
        .limit(MEASURED)
    ).all()
    return [(end - start).total_seconds() for start, end in rows]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state in _FEW and wanted.event_id is None:
        # By the claim's index: among a million stages that are done, few are in such a state.
        few = (
            select(EventStage.event, EventStage.stage)
            .with_hint(EventStage, "FORCE INDEX (ix_event_stage_claim_order)")
            .where(
                EventStage.stage.in_([wanted.stage] if wanted.stage else list(Stage)),
                EventStage.state == wanted.state,
            )
            .limit(LISTED)
            .subquery()
        )
        found.append(tuple_(EventStage.event, EventStage.stage).in_(select(few)))
    else:
        if wanted.stage is not None:
            found.append(EventStage.stage == wanted.stage)
        if wanted.state is not None:
            found.append(EventStage.state == wanted.state)
    if wanted.event_id is not None:
        found.append(EventStage.event == wanted.event_id)
    if wanted.cameras is not None:
        found.append(Camera.camera_id.in_(wanted.cameras))
    return found


def _foreseen(session: Session, stages: set[str], now: datetime) -> dict[tuple[int, str], float]:
    """Return in how many seconds each waiting stage of these kinds will be done."""
    found: dict[tuple[int, str], float] = {}
    for stage in map(Stage, stages):
        took_s = lately_took_s(session, stage)
        crew = workers.at_work(session, stage, now - workers.AT_WORK_FOR)
        if not took_s or not crew:
            continue
        rows = session.execute(
            select(EventStage.event, EventStage.camera, EventStage.priority, EventStage.not_before)
            .where(EventStage.stage == stage, EventStage.state == State.WAITING)
            .limit(FORESEEN)
        )
        order = serving_order(Waiting(*row) for row in rows)
        for ahead, one in enumerate(order):
            seconds = eta_s(ahead, took_s, crew)
            if seconds is not None:
                pause_s = max(0.0, (one.not_before - now).total_seconds())
                found[one.event_id, stage] = max(seconds, pause_s)
    return found


def _count(session: Session, stage: Stage, state: State) -> int:
    some = (
        select(EventStage.event)
        .where(EventStage.stage == stage, EventStage.state == state)
        .limit(FORESEEN)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def _shown(row: EventStage, camera_id: str, foreseen: dict[tuple[int, str], float]) -> StageRow:
    return StageRow(
        event_id=row.event,
        camera_id=camera_id,
        stage=Stage(row.stage),
        state=State(row.state),
        priority=row.priority,
        attempt=row.attempt,
        spent=row.spent,
        worker=row.lease_owner,
        lease_until=row.lease_until,
        not_before=row.not_before,
        last_error=row.last_error,
        updated_at=row.updated_at,
        eta_s=foreseen.get((row.event, row.stage)) if row.state == State.WAITING else None,
    )
