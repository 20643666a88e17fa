"""What workers and people say about stages, and what they are told."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from central.stages.lifecycle import Stage, State

HIGHEST_ID = 2**63 - 1
LONGEST_LEASE_S = 3600

WorkerName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.\-]{1,40}$", description="What the worker calls itself, such as pi5"
    ),
]
EventId = Annotated[StrictInt, Field(ge=1, le=HIGHEST_ID)]
LeaseS = Annotated[float, Field(ge=5, le=LONGEST_LEASE_S, allow_inf_nan=False)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


def _example(**said: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [said]})


class ClaimIn(BaseModel):
    """A worker asks for work. The same `claim_id` again is the same claim, not another one."""

    model_config = _example(
        stages=["describe"],
        worker="pi5",
        claim_id="7d0f3b0e-5f0b-4a7e-9a55-2a4f7a1c9a10",
        lease_s=120,
    )

    stages: Annotated[list[Stage], Field(min_length=1, max_length=len(Stage))]
    worker: WorkerName
    claim_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]{16,64}$")]
    lease_s: LeaseS = 120


class HeldIn(BaseModel):
    """Which claim is meant: stage, event, and the attempt that the claim named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: EventId
    stage: Stage
    attempt: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    worker: WorkerName


class RenewIn(HeldIn):
    """A worker needs longer."""

    model_config = _example(event_id=41, stage="describe", attempt=1, worker="pi5", lease_s=120)

    lease_s: LeaseS = 120


class FinishIn(HeldIn):
    """A worker has done it. `result` goes to the stage's owner, who says how it must look."""

    model_config = _example(event_id=41, stage="convert", attempt=1, worker="pi5", note="")

    result: dict[str, Any] | None = None
    note: Annotated[str, Field(max_length=1000)] = ""


class FailIn(HeldIn):
    """A worker could not do it.

    `permanent`: trying again cannot help. `spend_attempt` false: it was not this event's fault
    (a model that is away, a full disk); such tries are not counted.
    """

    model_config = _example(
        event_id=41, stage="describe", attempt=1, worker="pi5", reason="the model is away"
    )

    reason: Reason
    permanent: StrictBool = False
    spend_attempt: StrictBool = True


class RequeueIn(BaseModel):
    """A person wants an ended stage to be done once more."""

    model_config = _example(event_id=41, stage="convert", reason="disk mended")

    event_id: EventId
    stage: Stage
    reason: Annotated[str, Field(max_length=1000)] = ""


class PriorityIn(BaseModel):
    """A person wants a waiting stage to be done sooner (lower) or later; 100 is usual."""

    model_config = _example(event_id=41, stage="describe", priority=10)

    event_id: EventId
    stage: Stage
    priority: Annotated[StrictInt, Field(ge=0, le=1000)]


class ClaimOut(BaseModel):
    """A claim. Settle it with the same event, stage, attempt and worker."""

    event_id: int
    event_uid: str
    stage: Stage
    attempt: int
    lease_until: datetime


class ClaimedOut(BaseModel):
    """The claim, or null when there is nothing to do; then ask again in `ask_again_s`."""

    claim: ClaimOut | None
    ask_again_s: float | None = None


class SettledOut(BaseModel):
    """Where the stage stands now. `repeated`: this was settled so before, and nothing was done."""

    event_id: int
    stage: Stage
    state: State
    repeated: bool = False


class StageOut(BaseModel):
    """One stage of one event. `eta_s`: in how many seconds it will be done, if that is known."""

    model_config = ConfigDict(from_attributes=True)

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


class StagesOut(BaseModel):
    """Stages, those of the newest events first. Pass `next` as `before`; null at the end."""

    stages: list[StageOut]
    next: str | None


class BacklogOut(BaseModel):
    """What waits for a stage (counted up to 2,000), and when all of it will be done."""

    model_config = ConfigDict(from_attributes=True)

    stage: Stage
    waiting: int
    claimed: int
    workers: int
    typical_s: float | None
    eta_s: float | None


class HoldsOut(BaseModel):
    """A stage that a worker holds."""

    event_id: int
    stage: Stage


class WorkerOut(BaseModel):
    """A worker. `at_work`: heard of in the last minute and a half, or holding a claim."""

    name: str
    stages: list[Stage]
    remote: bool
    at_work: bool
    since: datetime
    last_seen_at: datetime
    claims: list[HoldsOut]
