"""`/api/v1/users`, `/api/v1/enrolments`, `/api/v1/worker-tokens`: what admins give and take."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from central.accounts import agent_tokens, api_tokens, enrolment, users
from central.accounts.asker import address_of
from central.accounts.auth_routes import Strict
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission, Role
from central.accounts.users import UserFacts, Wanted
from central.context import TheHub
from central.errors import BadRequest
from central.http.row_id import RowId
from nfs.layout import CAMERA_ID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["users"])

Admin = Annotated[Caller, Depends(needs(Permission.USERS_WRITE))]
Enroller = Annotated[Caller, Depends(needs(Permission.CAMERAS_WRITE))]
Operator = Annotated[Caller, Depends(needs(Permission.SYSTEM_WRITE))]
Cameras = Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=1000)]


class UserOut(BaseModel):
    """A user. `cameras` are those they may see; null: all."""

    id: int
    name: str
    role: str
    enabled: bool
    cameras: list[str] | None
    second_step: bool
    created_at: datetime


class UserIn(Strict):
    """A user to be made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "anna",
                    "role": "viewer",
                    "password": "correct horse battery",
                    "cameras": ["front"],
                }
            ]
        }
    )

    name: Annotated[str, Field(max_length=50)]
    role: Role
    password: Annotated[str, Field(max_length=1000)]
    cameras: Cameras | Literal["all"] = "all"


class UserChange(Strict):
    """What is to change of a user; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "operator", "cameras": "all"}]}
    )

    name: Annotated[str | None, Field(max_length=50)] = None
    role: Role | None = None
    enabled: bool | None = None
    cameras: Cameras | Literal["all"] | None = None


class EnrolmentIn(Strict):
    """The camera whose agent is to be enrolled."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"camera_id": "front", "name": "Front door"}]}
    )

    camera_id: Annotated[str, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]


class EnrolmentOut(BaseModel):
    """The code, told this once, and for how long it works."""

    code: str
    expires_in: int


class WorkerIn(Strict):
    """A worker elsewhere that is to get a token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "pi5", "days": 365}]})

    name: Annotated[str, Field(min_length=1, max_length=100)]
    days: Annotated[int | None, Field(ge=1, le=api_tokens.LONGEST_DAYS)] = None


class TokenMade(BaseModel):
    """A token, told this once."""

    id: int
    token: str


class WorkerOut(BaseModel):
    """A worker's token; never the token itself."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def shown(facts: UserFacts) -> UserOut:
    """Return what clients see of a user."""
    return UserOut.model_validate(
        vars(facts) | {"cameras": None if facts.cameras is None else list(facts.cameras)}
    )


@router.get("/users")
def list_users(caller: Admin, hub: TheHub) -> list[UserOut]:
    """Return all users by name."""
    with hub.database.reading() as session:
        return [shown(facts) for facts in users.every(session)]


@router.post("/users", status_code=201)
def add_user(wanted: UserIn, request: Request, caller: Admin, hub: TheHub) -> UserOut:
    """Make a user."""
    actor = caller.actor(address_of(request, hub))
    return shown(
        users.add(
            hub, actor, wanted.name, wanted.role, wanted.password, _as_told(wanted.cameras) or "all"
        )
    )


@router.get("/users/{user_id}")
def read_user(user_id: RowId, caller: Admin, hub: TheHub) -> UserOut:
    """Return a user."""
    with hub.database.reading() as session:
        return shown(users.one(session, user_id))


@router.patch("/users/{user_id}")
def change_user(
    user_id: RowId, wanted: UserChange, request: Request, caller: Admin, hub: TheHub
) -> UserOut:
    """Change a user. What the last admin who can log in would lose is refused."""
    told = Wanted(wanted.name, wanted.role, wanted.enabled, _as_told(wanted.cameras))
    return shown(users.change(hub, caller.actor(address_of(request, hub)), user_id, told))


@router.delete("/users/{user_id}", status_code=204)
def remove_user(user_id: RowId, request: Request, caller: Admin, hub: TheHub) -> None:
    """Delete a user with all logins and tokens; the last admin stays."""
    users.remove(hub, caller.actor(address_of(request, hub)), user_id)


@router.post("/enrolments", status_code=201)
def make_enrolment(
    wanted: EnrolmentIn, request: Request, caller: Enroller, hub: TheHub
) -> EnrolmentOut:
    """Make an enrolment code for a camera; earlier ones of this camera stop working."""
    actor = caller.actor(address_of(request, hub))
    try:
        code = enrolment.make(hub, actor, wanted.camera_id, wanted.name)
    except ValueError as error:
        raise BadRequest("name: one line of text, without control characters") from error
    return EnrolmentOut(code=code, expires_in=int(enrolment.LASTS.total_seconds()))


@router.delete("/agent-tokens/{camera_id}", status_code=204)
def revoke_agent(
    camera_id: Annotated[str, Path(max_length=50)], request: Request, caller: Enroller, hub: TheHub
) -> None:
    """End the token of a camera's agent, until it is enrolled anew."""
    agent_tokens.end(hub, caller.actor(address_of(request, hub)), camera_id)


@router.get("/worker-tokens")
def list_workers(caller: Operator, hub: TheHub) -> list[WorkerOut]:
    """Return the tokens of workers elsewhere, newest first."""
    with hub.database.reading() as session:
        found = api_tokens.living(session, "worker")
    return [WorkerOut.model_validate(one, from_attributes=True) for one in found]


@router.post("/worker-tokens", status_code=201)
def make_worker(wanted: WorkerIn, request: Request, caller: Operator, hub: TheHub) -> TokenMade:
    """Make a token for a worker and return it, this once."""
    actor = caller.actor(address_of(request, hub))
    token_id, token = api_tokens.make(hub, actor, "worker", wanted.name, days=wanted.days)
    return TokenMade(id=token_id, token=token)


@router.delete("/worker-tokens/{token_id}", status_code=204)
def revoke_worker(token_id: RowId, request: Request, caller: Operator, hub: TheHub) -> None:
    """End a worker's token."""
    api_tokens.revoke(hub, caller.actor(address_of(request, hub)), "worker", token_id)


def _as_told(cameras: list[str] | str | None) -> tuple[str, ...] | str | None:
    return tuple(cameras) if isinstance(cameras, list) else cameras
