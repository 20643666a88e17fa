"""Claims and settlements: the SQL side of the stages. Owner of `event_stage` and its history.

Every function works inside a transaction that its caller opened with `Database.write`, and every
move appends to the history in that same transaction. Leases use the database's clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Row, Table, insert, select, update
from sqlalchemy.orm import Session

from central.changes import feed
from central.stages.lifecycle import (
    SPENDING,
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


LIMIT_OF_EXPIRY = 500
"""Leases taken back in one transaction."""


class NoSuchStage(IllegalMove):
    """The event has no such stage, or there is no such event."""


class LostClaim(IllegalMove):
    """The claim is no longer (or never was) its worker's: whatever it has made is dropped."""


@dataclass(frozen=True)
class Claim:
    """One stage of one event, held by one worker. `attempt` is the fence: settling demands it.

    `camera` is the row of the event's camera: the next claim goes to the camera after it.
    """

    event_id: int
    stage: Stage
    attempt: int
    owner: str
    lease_until: datetime
    event_uid: str = ""
    """For log lines; empty where nobody looked it up."""
    camera: int = 0


def enter(
    session: Session,
    event_id: int,
    stage: Stage,
    now: datetime,
    *,
    camera: int | None = None,
    priority: int = NORMAL_PRIORITY,
    skip_reason: str | None = None,
) -> None:
    """Give an event a stage, waiting to be claimed, or skipped for the reason given.

    `camera` is the row of the event's camera, looked up when it is not given.
    """
    state = State.WAITING if skip_reason is None else step(State.WAITING, Verb.SKIP)
    if camera is None:
        camera = session.scalar(select(Event.camera).where(Event.id == event_id)) or 0
    session.connection().execute(
        _ENTER,
        {
            "event": event_id,
            "stage": stage,
            "state": state,
            "priority": priority,
            "attempt": 0,
            "spent": 0,
            "camera": camera,
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
    return most_urgent(session, stage) is not None


def most_urgent(session: Session, stage: Stage) -> int | None:
    """Return the priority of what a claim would take next, or None when nothing is due."""
    found: int | None = session.scalar(
        select(_ROWS.c.priority)
        .where(*_due(stage, database_now(session)))
        .order_by(_ROWS.c.priority)
        .limit(1)
    )
    return found


def claim(
    session: Session,
    stage: Stage,
    owner: str,
    lease_s: float,
    *,
    after_camera: int = 0,
    claim_id: str | None = None,
) -> Claim | None:
    """Take the next waiting stage for `owner`, or return None when nothing is due.

    Sooner priority first. Within it cameras take turns, beginning after `after_camera`, each with
    what has been due longest: a camera with a thousand events does not hold up one with a single
    one. Two callers never get the same one: MariaDB skips rows that another transaction holds;
    SQLite drops `FOR UPDATE`, but there a write stands alone. Raises IntegrityError when another
    transaction made a claim of this `claim_id` meanwhile.
    """
    now = database_now(session)
    urgency = most_urgent(session, stage) if after_camera else None
    found = None
    if urgency is not None:
        turn = (_ROWS.c.priority == urgency, _ROWS.c.camera > after_camera)
        found = _take(session, stage, now, *turn)
    found = found or _take(session, stage, now)
    if found is None:
        return None
    until = now + timedelta(seconds=lease_s)
    uid = _uid(session, found.event)
    held = Claim(found.event, stage, found.attempt + 1, owner, until, uid, found.camera)
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
    _remember(session, held, Verb.CLAIM, State.WAITING, State.CLAIMED, owner, "", now, claim_id)
    return held


def _uid(session: Session, event_id: int) -> str:
    return session.scalar(select(Event.uid).where(Event.id == event_id)) or ""


def _due(stage: Stage, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_ROWS.c.stage == stage, _ROWS.c.state == State.WAITING, _ROWS.c.not_before <= now)


def _take(
    session: Session, stage: Stage, now: datetime, *turn: ColumnElement[bool]
) -> Row[Any, Any, Any] | None:
    """Return the first due row that nobody else is taking, and lock it."""
    return session.execute(
        select(_ROWS.c.event, _ROWS.c.attempt, _ROWS.c.camera)
        # Without the hint a small table is scanned whole, and more than its first row is locked.
        .with_hint(_ROWS, "FORCE INDEX (ix_event_stage_claim_order)")
        .where(*_due(stage, now), *turn)
        .order_by(_ROWS.c.priority, _ROWS.c.camera, _ROWS.c.not_before, _ROWS.c.event)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def claimed_as(session: Session, claim_id: str) -> Claim | None:
    """Return the claim that was made under this id, if it is still held, or None if there is none.

    Raises LostClaim when it was made and has ended: an id stands for one claim, for ever.
    """
    made = session.execute(
        select(_HISTORY.c.event, _HISTORY.c.stage, _HISTORY.c.attempt, _HISTORY.c.actor).where(
            _HISTORY.c.claim_id == claim_id
        )
    ).first()
    if made is None:
        return None
    row = session.execute(
        select(_ROWS).where(
            _ROWS.c.event == made.event,
            _ROWS.c.stage == made.stage,
            _ROWS.c.state == State.CLAIMED,
            _ROWS.c.attempt == made.attempt,
        )
    ).first()
    if row is None:
        raise LostClaim(f"claim {claim_id} has ended; claim anew, under a new claim_id")
    return Claim(
        row.event,
        Stage(row.stage),
        row.attempt,
        row.lease_owner,
        row.lease_until,
        _uid(session, row.event),
        row.camera,
    )


def settled_by(session: Session, held: Claim) -> Verb | None:
    """Return how this worker settled this attempt before, or None: a repeat settles nothing."""
    found = session.scalar(
        select(_HISTORY.c.verb).where(
            _HISTORY.c.event == held.event_id,
            _HISTORY.c.stage == held.stage,
            _HISTORY.c.attempt == held.attempt,
            _HISTORY.c.actor == held.owner,
            _HISTORY.c.verb.in_((Verb.FINISH, Verb.RETRY, Verb.POSTPONE, Verb.GIVE_UP)),
            _HISTORY.c.from_state == State.CLAIMED,
        )
    )
    return None if found is None else Verb(found)


def renew(session: Session, held: Claim, lease_s: float) -> Claim:
    """Keep a claim for longer. Raises LostClaim when it is no longer ours.

    The one verb without a row in the history: nothing moves, and it comes every few seconds.
    """
    now = database_now(session)
    until = now + timedelta(seconds=lease_s)
    _settle(session, held, {"lease_until": until, "updated_at": now})
    return replace(held, lease_until=until)


def finish(session: Session, held: Claim, reason: str = "") -> None:
    """Settle a claim as done. Raises LostClaim when it is no longer ours."""
    now = database_now(session)
    _apply(session, held, Move(Verb.FINISH, step(State.CLAIMED, Verb.FINISH), None, reason), now)


def fail(
    session: Session, held: Claim, reason: str, *, permanent: bool, spend_attempt: bool = True
) -> Move:
    """Settle a claim as failed; return whether it is tried again. Raises LostClaim as above."""
    now = database_now(session)
    spent = session.scalar(
        select(_ROWS.c.spent).where(_ROWS.c.event == held.event_id, _ROWS.c.stage == held.stage)
    )
    move = after_failure(spent or 0, now, reason, permanent=permanent, spend_attempt=spend_attempt)
    _apply(session, held, move, now)
    return move


def expire(session: Session) -> list[Claim]:
    """End every lease that ran out and return what was taken back."""
    now = database_now(session)
    lost = session.execute(
        select(_ROWS)
        .where(_ROWS.c.state == State.CLAIMED, _ROWS.c.lease_until < now)
        .order_by(_ROWS.c.lease_until)
        .limit(LIMIT_OF_EXPIRY)
        .with_for_update(skip_locked=True)
    ).all()
    taken = []
    for row in lost:
        held = Claim(row.event, Stage(row.stage), row.attempt, row.lease_owner, row.lease_until)
        _apply(session, held, after_expiry(row.spent, row.attempt, now, row.lease_owner), now)
        taken.append(held)
    return taken


def requeue(session: Session, event_id: int, stage: Stage, actor: str, reason: str) -> None:
    """Let an ended stage be done once more. Raises IllegalMove while it has not ended.

    The attempt goes on counting: whoever still believes in an old claim must never meet its number
    again.
    """
    row = _locked(session, event_id, stage)
    now = database_now(session)
    values = {"spent": 0, "not_before": now, "last_error": None}
    _by_hand(session, row, Verb.REQUEUE, actor, reason, values, now)


def prioritise(
    session: Session, event_id: int, stage: Stage, priority: int, actor: str, reason: str = ""
) -> None:
    """Let a waiting stage be done sooner (lower) or later. Raises IllegalMove unless it waits."""
    row = _locked(session, event_id, stage)
    why = f"priority {row.priority} to {priority}" + (f": {reason}" if reason else "")
    now = database_now(session)
    _by_hand(session, row, Verb.PRIORITISE, actor, why, {"priority": priority}, now)


def _locked(session: Session, event_id: int, stage: Stage) -> Row[Any]:
    row = session.execute(
        select(_ROWS).where(_ROWS.c.event == event_id, _ROWS.c.stage == stage).with_for_update()
    ).first()
    if row is None:
        raise NoSuchStage(f"event {event_id} has no stage {stage}")
    return row


def _by_hand(
    session: Session,
    row: Row[Any],
    verb: Verb,
    actor: str,
    reason: str,
    values: dict[str, object],
    now: datetime,
) -> None:
    """Move a stage that nobody holds, because a person said so."""
    before, stage = State(row.state), Stage(row.stage)
    after = step(before, verb)
    session.execute(
        update(_ROWS)
        .where(_ROWS.c.event == row.event, _ROWS.c.stage == stage)
        .values(state=after, updated_at=now, **values)
    )
    nobody = Claim(row.event, stage, row.attempt, actor, now)
    _remember(session, nobody, verb, before, after, actor, reason, now)
    feed.append(session, "event", "update", row.event, now)


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
    if move.verb in SPENDING:
        values["spent"] = _ROWS.c.spent + 1
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
        raise LostClaim(
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
    claim_id: str | None = None,
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
            "claim_id": claim_id,
        },
    )
