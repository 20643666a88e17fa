"""One's own account: name, password, and whether there is a second step."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts import profile, second_step, users
from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, needs_page
from central.accounts.limits import limits_of
from central.accounts.passwords import SHORTEST
from central.accounts.permissions import Permission
from central.context import Hub, TheHub
from central.errors import GatehouseError
from web import account_views, render
from web.wording import sentence

router = APIRouter(include_in_schema=False, prefix="/account")

Viewer = Annotated[Caller, Depends(needs_page(Permission.ACCOUNT_SELF))]
Sender = Annotated[Caller, Depends(needs_form(Permission.ACCOUNT_SELF))]
SAID = {
    "name": "Your name is changed.",
    "password": "Your password is changed. Every other login of yours has ended.",
    "off": "The second step is off.",
}


@router.get("")
def account_page(hub: TheHub, caller: Viewer, done: str = "") -> Response:
    """Return the page."""
    return _page(hub, caller, said=SAID.get(done, ""))


@router.post("/name")
def rename(
    request: Request, hub: TheHub, caller: Sender, name: Annotated[str, Form()] = ""
) -> Response:
    """Change one's name."""
    try:
        actor = caller.actor(address_of(request, hub))
        users.change(hub, actor, caller.id, users.Wanted(name=name))
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse("/account?done=name", 303)


@router.post("/password")
def change_password(
    request: Request,
    hub: TheHub,
    caller: Sender,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change one's password."""
    if new != again:
        return _page(hub, caller, wrong="The two new passwords differ.")
    try:
        address = address_of(request, hub)
        profile.change_password(hub, limits_of(request), caller, address, old, new)
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse("/account?done=password", 303)


@router.post("/second-step/off")
def switch_off(
    request: Request, hub: TheHub, caller: Sender, password: Annotated[str, Form()] = ""
) -> Response:
    """Switch the second step off."""
    try:
        profile.must_know_password(hub, limits_of(request), caller, password)
        actor = caller.actor(address_of(request, hub))
        second_step.switch_off(hub, actor, caller.id)
    except GatehouseError as error:
        return _page(hub, caller, error)
    return RedirectResponse("/account?done=off", 303)


def _page(
    hub: Hub,
    caller: Caller,
    error: GatehouseError | None = None,
    *,
    wrong: str = "",
    said: str = "",
) -> Response:
    with hub.database.reading() as session:
        facts = users.one(session, caller.id)
        codes_left = second_step.codes_left(session, caller.id)
    return render.page(
        "account.html",
        error.status if error else 422 if wrong else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here="/account",
        wrong=sentence(str(error)) if error else wrong,
        said=said,
        user=facts,
        role=account_views.ROLE_WORDS.get(facts.role, facts.role),
        cameras=account_views.cameras_of(facts),
        codes_left=codes_left,
        shortest=SHORTEST,
    )
