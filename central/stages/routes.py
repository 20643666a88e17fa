"""`/api/v1/stages` and `/api/v1/workers`: the queue for workers elsewhere, and for people."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from central.audit.log import record
from central.context import Hub, TheHub
from central.errors import BadRequest, Conflict, NotFound
from central.events import query as events
from central.stages import claims, queue, workers
from central.stages.claims import Claim, LostClaim, NoSuchStage
from central.stages.lifecycle import IllegalMove, Stage, State, Verb
from central.stages.messages import (
    BacklogOut,
    ClaimedOut,
    ClaimIn,
    ClaimOut,
    FailIn,
    FinishIn,
    HeldIn,
    HoldsOut,
    PriorityIn,
    RenewIn,
    RequeueIn,
    SettledOut,
    StageOut,
    StagesOut,
    WorkerOut,
)
from central.stages.results import Results
from central.stages.workers import Roll
from database.engine import database_now, is_duplicate

router = APIRouter(prefix="/api/v1/stages", tags=["stages"])
workers_router = APIRouter(prefix="/api/v1/workers", tags=["stages"])

AtWork = Annotated[Caller, Depends(needs(Permission.STAGES_WORK))]
Reader = Annotated[Caller, Depends(needs(Permission.SYSTEM_READ))]
Mender = Annotated[Caller, Depends(needs(Permission.EVENTS_WRITE))]

ASK_AGAIN_S = 2.0
_PLACE = re.compile(r"([0-9]{1,18}):([a-z]+)")
_LEADS_TO = {Verb.FINISH: State.DONE, Verb.GIVE_UP: State.FAILED}


def owner_of(caller: Caller, worker: str) -> str:
    """Return by which name a claim is held: no token settles what another has claimed."""
    return f"{worker}@{caller.credential}"


@router.post("/claim")
def claim(body: ClaimIn, caller: AtWork, hub: TheHub, request: Request) -> ClaimedOut:
    """Take the most urgent of what waits, for `lease_s` seconds. Asking again is harmless."""
    roll: Roll = request.app.state.roll
    owner = owner_of(caller, body.worker)
    roll.heard_of(hub.database, owner, body.stages, hub.clock(), is_remote=True)
    try:
        held = hub.database.write(lambda s: _claim(s, body, owner, roll.turn(owner)))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        # The same request, sent twice, was faster by a moment: its claim is this one's.
        held = hub.database.write(lambda s: claims.claimed_as(s, body.claim_id))
    except LostClaim as lost:
        raise Conflict(str(lost)) from lost
    if held is None:
        return ClaimedOut(claim=None, ask_again_s=ASK_AGAIN_S)
    if held.owner != owner:
        raise Conflict("this claim_id is another worker's; make a random one for each claim")
    roll.served(owner, held.camera)
    return ClaimedOut(claim=_claim_out(held))


@router.post("/renew")
def renew(body: RenewIn, caller: AtWork, hub: TheHub, request: Request) -> ClaimOut:
    """Keep a claim for `lease_s` seconds from now."""
    held = _held(body, caller, hub)
    try:
        kept = hub.database.write(lambda s: claims.renew(s, held, body.lease_s), idempotent=True)
    except LostClaim as lost:
        raise Conflict(f"{lost}; drop what you have made and claim anew") from lost
    return _claim_out(kept)


@router.post("/finish")
def finish(body: FinishIn, caller: AtWork, hub: TheHub, request: Request) -> SettledOut:
    """Settle a claim as done, with its result, in one transaction. A repeat changes nothing."""
    held = _held(body, caller, hub)
    results: Results = request.app.state.results
    store = results.prepare(held, body.result)

    def settle(session: Session) -> None:
        claims.finish(session, held, body.note)
        store(session)

    try:
        hub.database.write(settle, idempotent=True)
    except LostClaim as lost:
        if _settled_before(hub, held) is not Verb.FINISH:
            raise Conflict(f"{lost}; its result was not stored") from lost
        return SettledOut(event_id=held.event_id, stage=held.stage, state=State.DONE, repeated=True)
    return SettledOut(event_id=held.event_id, stage=held.stage, state=State.DONE)


@router.post("/fail")
def fail(body: FailIn, caller: AtWork, hub: TheHub) -> SettledOut:
    """Settle a claim as failed: it is tried again later, or given up. A repeat changes nothing."""
    held = _held(body, caller, hub)
    try:
        move = hub.database.write(
            lambda s: claims.fail(
                s, held, body.reason, permanent=body.permanent, spend_attempt=body.spend_attempt
            ),
            idempotent=True,
        )
    except LostClaim as lost:
        before = _settled_before(hub, held)
        if before in (None, Verb.FINISH):
            raise Conflict(str(lost)) from lost
        state = _LEADS_TO.get(before, State.WAITING)
        return SettledOut(event_id=held.event_id, stage=held.stage, state=state, repeated=True)
    return SettledOut(event_id=held.event_id, stage=held.stage, state=move.to_state)


@router.get("")
def list_stages(
    caller: Reader,
    hub: TheHub,
    stage: Stage | None = None,
    state: State | None = None,
    event: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    before: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StagesOut:
    """List stages, those of the newest events first."""
    wanted = queue.Wanted(stage, state, event, caller.cameras)
    with hub.database.reading() as session:
        now = database_now(session)
        found = queue.page(session, wanted, limit, _place(before), now)
    following = f"{found.next[0]}:{found.next[1]}" if found.next else None
    return StagesOut(stages=[StageOut.model_validate(row) for row in found.rows], next=following)


@router.get("/backlog")
def list_backlogs(caller: Reader, hub: TheHub) -> list[BacklogOut]:
    """Tell for each stage what waits, who is at it, how long one takes, and when all is done."""
    with hub.database.reading() as session:
        found = queue.backlogs(session, database_now(session))
    return [BacklogOut.model_validate(one) for one in found]


@router.post("/requeue")
def requeue(body: RequeueIn, caller: Mender, hub: TheHub, request: Request) -> SettledOut:
    """Let an ended stage be done once more."""
    _must_see(hub, caller, body.event_id)
    actor = caller.actor(address_of(request, hub))

    def run(session: Session) -> None:
        claims.requeue(session, body.event_id, body.stage, caller.name, body.reason)
        record(session, hub.clock(), actor, f"{body.stage}.requeued", "event", body.event_id)

    _by_hand(hub, run)
    return SettledOut(event_id=body.event_id, stage=body.stage, state=State.WAITING)


@router.post("/priority")
def prioritise(body: PriorityIn, caller: Mender, hub: TheHub) -> SettledOut:
    """Let a waiting stage be done sooner (lower number) or later."""
    _must_see(hub, caller, body.event_id)
    _by_hand(
        hub,
        lambda s: claims.prioritise(s, body.event_id, body.stage, body.priority, caller.name),
    )
    return SettledOut(event_id=body.event_id, stage=body.stage, state=State.WAITING)


@workers_router.get("")
def list_workers(caller: Reader, hub: TheHub) -> list[WorkerOut]:
    """List who works through stages, those heard of latest first."""
    with hub.database.reading() as session:
        found = workers.listed(session)
    now = hub.clock()
    return [
        WorkerOut(
            name=one.name,
            stages=list(one.stages),
            remote=one.is_remote,
            at_work=one.is_at_work(now),
            since=one.started_at,
            last_seen_at=one.seen_at,
            claims=[HoldsOut(event_id=event_id, stage=stage) for event_id, stage in one.claims],
        )
        for one in found
    ]


def _claim(session: Session, body: ClaimIn, owner: str, turn: int) -> Claim | None:
    known = claims.claimed_as(session, body.claim_id)
    if known is not None:
        return known
    urgent: list[tuple[int, int, Stage]] = []
    for stage in dict.fromkeys(body.stages):
        priority = claims.most_urgent(session, stage)
        if priority is not None:
            urgent.append((priority, len(urgent), stage))
    for _, _, stage in sorted(urgent):
        held = claims.claim(
            session, stage, owner, body.lease_s, after_camera=turn, claim_id=body.claim_id
        )
        if held is not None:
            return held
    return None


def _held(body: HeldIn, caller: Caller, hub: Hub) -> Claim:
    owner = owner_of(caller, body.worker)
    return Claim(body.event_id, body.stage, body.attempt, owner, hub.clock())


def _claim_out(held: Claim) -> ClaimOut:
    return ClaimOut(
        event_id=held.event_id,
        event_uid=held.event_uid,
        stage=held.stage,
        attempt=held.attempt,
        lease_until=held.lease_until,
    )


def _settled_before(hub: Hub, held: Claim) -> Verb | None:
    with hub.database.reading() as session:
        return claims.settled_by(session, held)


def _must_see(hub: Hub, caller: Caller, event_id: int) -> None:
    unknown = f"Event {event_id} not found"
    with hub.database.reading() as session:
        facts = events.one(session, event_id)
    if facts is None:
        raise NotFound(unknown)
    caller.must_see(facts.camera_id, unknown)


def _by_hand(hub: Hub, run: Callable[[Session], None]) -> None:
    try:
        hub.database.write(run)
    except NoSuchStage as error:
        raise NotFound(str(error)) from error
    except IllegalMove as error:
        raise Conflict(str(error)) from error


def _place(text: str | None) -> tuple[int, Stage] | None:
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None or found[2] not in set(Stage):
        raise BadRequest("`before` is no cursor of ours; take it from `next`")
    return int(found[1]), Stage(found[2])
