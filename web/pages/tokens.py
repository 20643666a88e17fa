"""Tokens: one's own for programs; for admins, those of new cameras and of workers elsewhere."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from central.accounts import agent_tokens, api_tokens, enrolment, profile
from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, needs_page
from central.accounts.permissions import Permission
from central.context import Hub, TheHub
from central.errors import BadRequest, GatehouseError
from web import account_views, render
from web.qr import svg
from web.wording import sentence

router = APIRouter(include_in_schema=False, prefix="/account/tokens")

HERE = "/account/tokens"
Viewer = Annotated[Caller, Depends(needs_page(Permission.ACCOUNT_SELF))]
Sender = Annotated[Caller, Depends(needs_form(Permission.ACCOUNT_SELF))]
Enroller = Annotated[Caller, Depends(needs_form(Permission.CAMERAS_WRITE))]
Operator = Annotated[Caller, Depends(needs_form(Permission.SYSTEM_WRITE))]
Id = Annotated[int, Form(ge=1, le=2**62)]
Days = Annotated[str, Form()]


@router.get("")
def tokens_page(hub: TheHub, caller: Viewer, done: str = "") -> Response:
    """Return the lists and forms."""
    return _page(hub, caller, said="That token works no more." if done == "revoked" else "")


@router.post("/make")
def make(
    request: Request,
    hub: TheHub,
    caller: Sender,
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Days = "",
) -> Response:
    """Make a token of one's own and show it this once."""
    try:
        address = address_of(request, hub)
        _, made = profile.make_token(hub, caller, address, name, scope or [], _days(days))
    except GatehouseError as error:
        return _page(hub, caller, error)
    return _page(hub, caller, token=made, token_for=name.strip())


@router.post("/revoke")
def revoke(request: Request, hub: TheHub, caller: Sender, id: Id) -> Response:
    """End a token of one's own."""
    try:
        actor = caller.actor(address_of(request, hub))
        api_tokens.revoke(hub, actor, "personal", id, caller.id)
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse(f"{HERE}?done=revoked", 303)


@router.post("/worker")
def make_worker(
    request: Request,
    hub: TheHub,
    caller: Operator,
    name: Annotated[str, Form()] = "",
    days: Days = "",
) -> Response:
    """Make a token for a worker elsewhere and show it this once."""
    try:
        actor = caller.actor(address_of(request, hub))
        _, made = api_tokens.make(hub, actor, "worker", name, days=_days(days))
    except GatehouseError as error:
        return _page(hub, caller, error)
    return _page(hub, caller, token=made, token_for=name.strip())


@router.post("/worker/revoke")
def revoke_worker(request: Request, hub: TheHub, caller: Operator, id: Id) -> Response:
    """End a worker's token."""
    try:
        api_tokens.revoke(hub, caller.actor(address_of(request, hub)), "worker", id)
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse(f"{HERE}?done=revoked", 303)


@router.post("/enrol")
def enrol(
    request: Request,
    hub: TheHub,
    caller: Enroller,
    camera_id: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Make an enrolment code for a camera and show it this once, as text and as QR code."""
    try:
        actor = caller.actor(address_of(request, hub))
        code = enrolment.make(hub, actor, camera_id.strip(), name.strip())
    except ValidationError:
        refusal = BadRequest(
            "a camera id has 1 to 50 of A–Z, a–z, 0–9 and _, and its name 1 to 100 characters"
        )
        return _page(hub, caller, refusal)
    except GatehouseError as error:
        return _page(hub, caller, error)
    address = str(request.base_url).rstrip("/")
    return _page(hub, caller, code=code, code_for=camera_id.strip(), hub_address=address)


@router.post("/agent/revoke")
def revoke_agent(
    request: Request, hub: TheHub, caller: Enroller, camera_id: Annotated[str, Form()] = ""
) -> Response:
    """End the token of a camera's agent."""
    try:
        agent_tokens.end(hub, caller.actor(address_of(request, hub)), camera_id[:50])
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse(f"{HERE}?done=revoked", 303)


def _days(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError as error:
        raise BadRequest("the number of days is a whole number, or empty for ever") from error


def _page(hub: Hub, caller: Caller, error: GatehouseError | None = None, **shown: Any) -> Response:
    now, zone = hub.clock(), hub.settings.zone
    sees_workers = caller.may(Permission.SYSTEM_WRITE)
    sees_agents = caller.may(Permission.CAMERAS_WRITE)
    with hub.database.reading() as session:
        mine = api_tokens.living(session, "personal", caller.id)
        workers = api_tokens.living(session, "worker") if sees_workers else []
        codes = enrolment.waiting(session, now) if sees_agents else []
        agents = agent_tokens.living(session) if sees_agents else []
    told = {"said": "", "token": "", "token_for": "", "code": "", "code_for": "", "hub_address": ""}
    told |= shown
    return render.page(
        "tokens.html",
        error.status if error else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here=HERE,
        wrong=sentence(str(error)) if error else "",
        mine=[account_views.token(one, zone, now) for one in mine],
        workers=[account_views.token(one, zone, now) for one in workers],
        waiting=[
            (one.camera_id, one.camera_name, account_views.moment(one.expires_at, zone, now))
            for one in codes
        ],
        agents=[(name, account_views.moment(since, zone, now)) for name, since in agents],
        scopes=account_views.scopes(caller),
        sees_workers=sees_workers,
        sees_agents=sees_agents,
        qr=svg(f"gatehouse:enrol?hub={told['hub_address']}&code={told['code']}")
        if told["code"]
        else "",
        **told,
    )
