"""Setting up the second step: a QR code for the phone, a code back, and recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts import second_step
from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, needs_page
from central.accounts.limits import SECOND_STEP, limits_of
from central.accounts.permissions import Permission
from central.context import Hub, TheHub
from central.errors import Conflict, GatehouseError
from web import account_views, render
from web.qr import svg
from web.wording import sentence

router = APIRouter(include_in_schema=False, prefix="/account/second-step")

Viewer = Annotated[Caller, Depends(needs_page(Permission.ACCOUNT_SELF))]
Sender = Annotated[Caller, Depends(needs_form(Permission.ACCOUNT_SELF))]


@router.get("")
def set_up(hub: TheHub, caller: Viewer) -> Response:
    """Show the QR code."""
    try:
        return _page(hub, caller)
    except Conflict:
        return RedirectResponse("/account", 303)


@router.post("")
def confirm(
    request: Request, hub: TheHub, caller: Sender, code: Annotated[str, Form()] = ""
) -> Response:
    """Switch the second step on, and show the recovery codes this once."""
    try:
        limits_of(request).count(SECOND_STEP, f"set-up {caller.id}", "wrong codes")
        actor = caller.actor(address_of(request, hub))
        codes = second_step.confirm(hub, actor, caller.id, code)
    except Conflict:
        return RedirectResponse("/account", 303)
    except GatehouseError as error:
        return _page(hub, caller, error)
    return render.page(
        "recovery_codes.html",
        person=caller,
        tabs=account_views.tabs(caller),
        here="/account",
        codes=codes,
    )


def _page(hub: Hub, caller: Caller, error: GatehouseError | None = None) -> Response:
    offered = second_step.offer(hub, caller.id)
    secret = offered.secret
    return render.page(
        "second_step.html",
        error.status if error else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here="/account",
        wrong=sentence(str(error)) if error else "",
        qr=svg(offered.address),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )
