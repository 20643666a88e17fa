"""`/api/v1/account`: one's own name, password, logins and tokens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from central.accounts import api_tokens, profile, sessions, users
from central.accounts.asker import address_of
from central.accounts.auth_routes import Strict
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.limits import limits_of
from central.accounts.permissions import Permission
from central.accounts.user_routes import TokenMade, UserOut, shown
from central.context import TheHub
from central.http.row_id import RowId

router = APIRouter(prefix="/api/v1/account", tags=["account"])

Self = Annotated[Caller, Depends(needs(Permission.ACCOUNT_SELF))]


class Rename(Strict):
    """What users may change of themselves. Role and cameras are not among it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "anna"}]})

    name: Annotated[str, Field(max_length=50)]


class PasswordChange(Strict):
    """The password there is, and the one that is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"old": "correct horse battery", "new": "four words to remember"}]
        }
    )

    old: Annotated[str, Field(max_length=1000)]
    new: Annotated[str, Field(max_length=1000)]


class SessionOut(Strict):
    """One login. `is_program`: by name and password over the API, not in a browser."""

    id: int
    is_program: bool
    is_this: bool
    address: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class TokenIn(Strict):
    """A token to be made. `scopes` are rights that the user has too; `days` null: for ever."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "backup script", "scopes": ["events:read"], "days": 90}]
        }
    )

    name: Annotated[str, Field(max_length=100)]
    scopes: Annotated[list[str], Field(max_length=30)]
    days: Annotated[int | None, Field(ge=1, le=api_tokens.LONGEST_DAYS)] = None


class TokenOut(Strict):
    """A token as its owner may see it."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@router.get("")
def read(caller: Self, hub: TheHub) -> UserOut:
    """Return what is known of the caller."""
    with hub.database.reading() as session:
        return shown(users.one(session, caller.id))


@router.patch("")
def rename(wanted: Rename, request: Request, caller: Self, hub: TheHub) -> UserOut:
    """Change one's own name. Anything else in the body is refused."""
    actor = caller.actor(address_of(request, hub))
    return shown(users.change(hub, actor, caller.id, users.Wanted(name=wanted.name)))


@router.post("/password", status_code=204)
def password(wanted: PasswordChange, request: Request, caller: Self, hub: TheHub) -> None:
    """Change one's own password. Every other login of this user ends."""
    profile.change_password(
        hub, limits_of(request), caller, address_of(request, hub), wanted.old, wanted.new
    )


@router.get("/sessions")
def list_sessions(caller: Self, hub: TheHub) -> list[SessionOut]:
    """Return one's own logins, seen last first."""
    with hub.database.reading() as session:
        found = sessions.of_user(session, caller.id, hub.clock())
    return [SessionOut(**vars(one), is_this=profile.is_this(caller, one)) for one in found]


@router.delete("/sessions", status_code=204)
def end_others(request: Request, caller: Self, hub: TheHub) -> None:
    """End all of one's logins but the one that asks."""
    profile.end_others(hub, caller, address_of(request, hub))


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(
    session_id: RowId, request: Request, caller: Self, hub: TheHub, program: bool = False
) -> None:
    """End one of one's own logins."""
    profile.end_login(hub, caller, address_of(request, hub), session_id, program=program)


@router.get("/tokens")
def list_tokens(caller: Self, hub: TheHub) -> list[TokenOut]:
    """Return one's own tokens, newest first; never the tokens themselves."""
    with hub.database.reading() as session:
        found = api_tokens.living(session, "personal", caller.id)
    return [
        TokenOut(
            id=one.id,
            name=one.name,
            scopes=list(one.scopes),
            created_at=one.created_at,
            expires_at=one.expires_at,
            used_at=one.used_at,
        )
        for one in found
    ]


@router.post("/tokens", status_code=201)
def make_token(wanted: TokenIn, request: Request, caller: Self, hub: TheHub) -> TokenMade:
    """Make a token and return it, this once."""
    token_id, made = profile.make_token(
        hub, caller, address_of(request, hub), wanted.name, wanted.scopes, wanted.days
    )
    return TokenMade(id=token_id, token=made)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(token_id: RowId, request: Request, caller: Self, hub: TheHub) -> None:
    """End one of one's own tokens."""
    actor = caller.actor(address_of(request, hub))
    api_tokens.revoke(hub, actor, "personal", token_id, caller.id)
