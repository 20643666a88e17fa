"""The first admin, made by whoever can read what the hub has printed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts import first_run, users
from central.accounts import login as logins
from central.accounts.asker import asker, set_session
from central.accounts.guard import public
from central.accounts.limits import FIRST_RUN, limits_of
from central.accounts.passwords import SHORTEST
from central.context import TheHub
from central.errors import GatehouseError
from web import render
from web.wording import sentence

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(public("there is nobody yet who could log in; the code is the proof"))],
)


@router.get("/first-run")
def first_run_page(hub: TheHub) -> Response:
    """Return the form, as long as there is no user."""
    if not users.is_empty(hub):
        return RedirectResponse("/login", 303)
    return render.page("first_run.html", wrong="", name="admin", code="", shortest=SHORTEST)


@router.post("/first-run")
def make_first_admin(
    request: Request,
    hub: TheHub,
    code: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Make the first admin and log in."""
    if not users.is_empty(hub):
        return RedirectResponse("/login", 303)
    where = asker(request, hub)
    try:
        limits_of(request).count(FIRST_RUN, where.address, "codes tried")
        if password != again:
            return _again(422, "The two passwords differ.", name, code)
        first_run.make_admin(hub, code, name, password, where.address)
        user = logins.check_password(hub, limits_of(request), where, name, password)
    except GatehouseError as error:
        return _again(error.status, sentence(str(error)), name, code)
    answer = RedirectResponse("/", 303)
    set_session(answer, request, hub, logins.begin_session(hub, user, where))
    return answer


def _again(status: int, wrong: str, name: str, code: str) -> Response:
    return render.page(
        "first_run.html",
        status,
        wrong=wrong,
        name=name[:50],
        code=code[:50],
        shortest=SHORTEST,
    )
