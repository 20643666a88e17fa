"""`/api/v1/auth` and `/api/v1/enrol`: how programs and agents come by their tokens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from central.accounts import access_tokens, enrolment, login, refresh
from central.accounts.asker import asker
from central.accounts.guard import Limited, public
from central.accounts.limits import ENROLMENT, REFRESH, limits_of
from central.accounts.refresh import Pair
from central.context import TheHub
from central.errors import NotLoggedIn

router = APIRouter(prefix="/api/v1", tags=["auth"])


class Strict(BaseModel):
    """A body in which a name nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid")


class PasswordIn(Strict):
    """Name and password, and the code of the second step if it is on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "anna", "password": "correct horse battery"}]}
    )

    name: Annotated[str, Field(max_length=1000, examples=["anna"])]
    password: Annotated[str, Field(max_length=1000, examples=["correct horse battery"])]
    totp: Annotated[str | None, Field(max_length=64, examples=["123456"])] = None


class RefreshIn(Strict):
    """A refresh token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "gh_ref_…"}]})

    refresh_token: Annotated[str, Field(max_length=200)]


class PairOut(BaseModel):
    """An access token for a quarter of an hour, and a refresh token that works once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the word of RFC 6750
    expires_in: int


class EnrolIn(Strict):
    """The code that the hub's page has shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "7KQ4-M2XP-9TRD"}]})

    code: Annotated[str, Field(max_length=100, examples=["H7KM-2QXD-9TRW"])]


class EnrolOut(BaseModel):
    """What the agent keeps: its token, and the key by which it knows the hub. Told this once."""

    camera_id: str
    camera_name: str
    token: str
    hub_key: str


@router.post("/auth/token", dependencies=[Depends(public("this is how programs log in"))])
def token(wanted: PasswordIn, request: Request, hub: TheHub) -> PairOut:
    """Log a program in with name and password."""
    limits, where = limits_of(request), asker(request, hub)
    user = login.check_password(hub, limits, where, wanted.name, wanted.password)
    if user.totp_confirmed_at is not None:
        if not wanted.totp:
            raise NotLoggedIn("this user has a second step: send its code as `totp`")
        login.check_code(hub, limits, where, user, wanted.totp)
    return _shown(refresh.begin(hub, user, where))


@router.post("/auth/refresh", dependencies=[Depends(public("the refresh token is the proof"))])
def renew(wanted: RefreshIn, request: Request, hub: TheHub) -> PairOut:
    """Exchange a refresh token for the next pair. Used twice, the whole login ends."""
    where = asker(request, hub)
    limits_of(request).count(REFRESH, where.address, "refreshed tokens")
    return _shown(refresh.renew(hub, wanted.refresh_token, where))


@router.post(
    "/auth/revoke",
    status_code=204,
    dependencies=[Depends(public("whoever holds the token may end it"))],
)
def revoke(wanted: RefreshIn, request: Request, hub: TheHub) -> None:
    """End a program's login. An unknown token is answered in the same way."""
    limits_of(request).count(REFRESH, asker(request, hub).address, "refreshed tokens")
    refresh.revoke(hub, wanted.refresh_token)


@router.post(
    "/enrol",
    dependencies=[
        Depends(public("the code is the proof, once and soon")),
        Depends(Limited(ENROLMENT, "enrolment codes tried")),
    ],
)
def enrol(wanted: EnrolIn, request: Request, hub: TheHub) -> EnrolOut:
    """Exchange an enrolment code for an agent's token. Ten tries an address in ten minutes."""
    found = enrolment.redeem(hub, wanted.code, asker(request, hub).address)
    return EnrolOut(
        camera_id=found.camera_id,
        camera_name=found.camera_name,
        token=found.made.token,
        hub_key=found.made.hub_key,
    )


def _shown(pair: Pair) -> PairOut:
    return PairOut(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=int(access_tokens.LASTS.total_seconds()),
    )
