"""One's own logins: where they are, and how to end them."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts import profile, sessions
from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, needs_page
from central.accounts.permissions import Permission
from central.context import TheHub
from central.errors import NotFound
from web import account_views, render

router = APIRouter(include_in_schema=False, prefix="/account/sessions")

Viewer = Annotated[Caller, Depends(needs_page(Permission.ACCOUNT_SELF))]
Sender = Annotated[Caller, Depends(needs_form(Permission.ACCOUNT_SELF))]
SAID = {"one": "That login has ended.", "all": "Every other login of yours has ended."}


@router.get("")
def sessions_page(hub: TheHub, caller: Viewer, done: str = "") -> Response:
    """Return the list."""
    now, zone = hub.clock(), hub.settings.zone
    with hub.database.reading() as session:
        found = sessions.of_user(session, caller.id, now)
    return render.page(
        "sessions.html",
        person=caller,
        tabs=account_views.tabs(caller),
        here="/account/sessions",
        said=SAID.get(done, ""),
        logins=[account_views.login(one, profile.is_this(caller, one), zone, now) for one in found],
    )


@router.post("/end")
def end(
    request: Request,
    hub: TheHub,
    caller: Sender,
    id: Annotated[int, Form(ge=1, le=2**62)],
    program: Annotated[bool, Form()] = False,
) -> Response:
    """End one login."""
    with suppress(NotFound):  # it has ended already: what was asked for is so
        profile.end_login(hub, caller, address_of(request, hub), id, program=program)
    return RedirectResponse("/account/sessions?done=one", 303)


@router.post("/end-others")
def end_others(request: Request, hub: TheHub, caller: Sender) -> Response:
    """End every login but this one."""
    profile.end_others(hub, caller, address_of(request, hub))
    return RedirectResponse("/account/sessions?done=all", 303)
