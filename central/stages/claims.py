"""Claims and settlements: the SQL side of the stages. Owner of `event_stage` and its history.

Every function works inside a transaction that its caller opened with `Database.write`, and every
move appends to the history in that same transaction. Leases use the database's clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Table, insert, select, update
from sqlalchemy.orm import Session

from central.changes import feed
from central.stages.lifecycle import (
    IllegalMove,
    Move,
    Stage,
    State,
    Verb,
    after_expiry,
    after_failure,
    step,
)
from database.engine import database_now
from database.models import Event, EventStage, StageHistory

NORMAL_PRIORITY = 100
"""Lower numbers are claimed sooner."""

_ROWS: Table = EventStage.__table__  # type: ignore[assignment]
_HISTORY: Table = StageHistory.__table__  # type: ignore[assignment]
# Built once: SQLAlchemy takes as long to put a statement together as the database to execute it.
_ENTER, _REMEMBER = insert(_ROWS), insert(_HISTORY)


@dataclass(frozen=True)
class Claim:
    """One stage of one event, held by one worker. `attempt` is the fence: settling demands it."""

    event_id: int
    stage: Stage
    attempt: int
    owner: str
    lease_until: datetime
    event_uid: str = ""
    """For log lines; empty where nobody looked it up."""


def enter(
    session: Session,
    event_id: int,
    stage: Stage,
    now: datetime,
    *,
    priority: int = NORMAL_PRIORITY,
    skip_reason: str | None = None,
) -> None:
    """Give an event a stage, waiting to be claimed, or skipped for the reason given."""
    state = State.WAITING if skip_reason is None else step(State.WAITING, Verb.SKIP)
    session.connection().execute(
        _ENTER,
        {
            "event": event_id,
            "stage": stage,
            "state": state,
            "priority": priority,
            "attempt": 0,
            "not_before": now,
            "last_error": skip_reason,
            "updated_at": now,
        },
    )
    if skip_reason is not None:
        nobody = Claim(event_id, stage, 0, "hub", now)
        _remember(session, nobody, Verb.SKIP, State.WAITING, state, "hub", skip_reason, now)


def is_due(session: Session, stage: Stage) -> bool:
    """Tell whether a claim would find something. A read: cheap for a worker that looks often."""
    found = session.execute(
        select(_ROWS.c.event)
        .where(
            _ROWS.c.stage == stage,
            _ROWS.c.state == State.WAITING,
            _ROWS.c.not_before <= database_now(session),
        )
        .limit(1)
    ).first()
    return found is not None


def claim(session: Session, stage: Stage, owner: str, lease_s: float) -> Claim | None:
    """Take the next waiting stage for `owner`, or return None when nothing is due.

    Sooner priority first, then longest due. Two callers never get the same one: MariaDB skips rows
    that another transaction holds; SQLite drops `FOR UPDATE`, but there a write stands alone.
    """
    now = database_now(session)
    found = session.execute(
        select(_ROWS.c.event, _ROWS.c.attempt)
        # Without the hint a small table is scanned whole, and more than its first row is locked.
        .with_hint(_ROWS, "FORCE INDEX (ix_event_stage_claim_order)")
        .where(
            _ROWS.c.stage == stage,
            _ROWS.c.state == State.WAITING,
            _ROWS.c.not_before <= now,
        )
        .order_by(_ROWS.c.priority, _ROWS.c.not_before, _ROWS.c.event)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    held = Claim(
        found.event,
        stage,
        found.attempt + 1,
        owner,
        now + timedelta(seconds=lease_s),
        session.scalar(select(Event.uid).where(Event.id == found.event)) or "",
    )
    session.execute(
        update(_ROWS)
        .where(_ROWS.c.event == held.event_id, _ROWS.c.stage == stage)
        .values(
            state=step(State.WAITING, Verb.CLAIM),
            attempt=held.attempt,
            lease_owner=owner,
            lease_until=held.lease_until,
            updated_at=now,
        )
    )
    _remember(session, held, Verb.CLAIM, State.WAITING, State.CLAIMED, owner, "", now)
    return held


def renew(session: Session, held: Claim, lease_s: float) -> Claim:
    """Keep a claim for longer. Raises IllegalMove when it is no longer ours."""
    now = database_now(session)
    until = now + timedelta(seconds=lease_s)
    _settle(session, held, {"lease_until": until, "updated_at": now})
    return replace(held, lease_until=until)


def finish(session: Session, held: Claim, reason: str = "") -> None:
    """Settle a claim as done. Raises IllegalMove when it is no longer ours."""
    now = database_now(session)
    _apply(session, held, Move(Verb.FINISH, step(State.CLAIMED, Verb.FINISH), None, reason), now)


def fail(session: Session, held: Claim, reason: str, *, permanent: bool) -> Move:
    """Settle a claim as failed; return whether it is tried again. Raises IllegalMove as above."""
    now = database_now(session)
    move = after_failure(held.attempt, now, reason, permanent=permanent)
    _apply(session, held, move, now)
    return move


def expire(session: Session) -> list[Claim]:
    """End every lease that ran out and return what was taken back."""
    now = database_now(session)
    lost = session.execute(
        select(_ROWS)
        .where(_ROWS.c.state == State.CLAIMED, _ROWS.c.lease_until < now)
        .order_by(_ROWS.c.lease_until)
        .limit(500)
        .with_for_update(skip_locked=True)
    ).all()
    taken = []
    for row in lost:
        held = Claim(row.event, Stage(row.stage), row.attempt, row.lease_owner, row.lease_until)
        _apply(session, held, after_expiry(row.attempt, now, row.lease_owner), now)
        taken.append(held)
    return taken


def requeue(session: Session, event_id: int, stage: Stage, actor: str, reason: str) -> None:
    """Let an ended stage be done once more. Raises IllegalMove while it has not ended."""
    now = database_now(session)
    row = session.execute(
        select(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.stage == stage).with_for_update()
    ).first()
    if row is None:
        raise IllegalMove(f"event {event_id} has no stage {stage}")
    state = State(row.state)
    after = step(state, Verb.REQUEUE)
    session.execute(
        update(_ROWS)
        .where(_ROWS.c.event == event_id, _ROWS.c.stage == stage)
        .values(state=after, attempt=0, not_before=now, last_error=None, updated_at=now)
    )
    held = Claim(event_id, stage, 0, actor, now)
    _remember(session, held, Verb.REQUEUE, state, after, actor, reason, now)
    feed.append(session, "event", "update", event_id, now)


def _apply(session: Session, held: Claim, move: Move, now: datetime) -> None:
    values: dict[str, object] = {
        "state": move.to_state,
        "lease_owner": None,
        "lease_until": None,
        "updated_at": now,
        "last_error": None if move.verb is Verb.FINISH else move.reason,
    }
    if move.not_before is not None:
        values["not_before"] = move.not_before
    _settle(session, held, values)
    _remember(session, held, move.verb, State.CLAIMED, move.to_state, held.owner, move.reason, now)
    feed.append(session, "event", "update", held.event_id, now)


def _settle(session: Session, held: Claim, values: dict[str, object]) -> None:
    """Change the row of a claim, or walk away: exactly one row, still held in this attempt."""
    result = cast(
        CursorResult[Any],
        session.execute(
            update(_ROWS)
            .where(
                _ROWS.c.event == held.event_id,
                _ROWS.c.stage == held.stage,
                _ROWS.c.state == State.CLAIMED,
                _ROWS.c.attempt == held.attempt,
                _ROWS.c.lease_owner == held.owner,
            )
            .values(**values)
        ),
    )
    if result.rowcount != 1:
        raise IllegalMove(
            f"{held.owner} no longer holds {held.stage} of event {held.event_id} "
            f"in attempt {held.attempt}"
        )


def _remember(
    session: Session,
    held: Claim,
    verb: Verb,
    before: State,
    after: State,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    session.connection().execute(
        _REMEMBER,
        {
            "event": held.event_id,
            "stage": held.stage,
            "verb": verb,
            "from_state": before,
            "to_state": after,
            "attempt": held.attempt,
            "actor": actor,
            "reason": reason,
            "at": now,
        },
    )
