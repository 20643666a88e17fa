"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts.access import SESSION_COOKIE
from central.accounts.users import log_in, log_out
from central.context import TheHub
from web import render

router = APIRouter(include_in_schema=False)

DAY_S = 86_400
LONGEST = 1000
"""Nobody's name or password is longer; hashing a megabyte is no way to find out."""


@router.get("/login")
def login_page(next: str = "/") -> Response:
    """Return the form."""
    return render.page("login.html", next=local(next), wrong=False, name="")


@router.post("/login")
def login(
    request: Request,
    hub: TheHub,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Log in and go on to where the person wanted to go."""
    too_long = max(len(name), len(password)) > LONGEST
    token = None if too_long else log_in(hub, name, password)
    if token is None:
        shown = name[:LONGEST]
        return render.page("login.html", 401, next=local(next), wrong=True, name=shown)
    answer = RedirectResponse(local(next), 303)
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=round(hub.settings.session_days * DAY_S),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def logout(request: Request, hub: TheHub) -> Response:
    """End the session, here and in the database."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        log_out(hub, token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def local(address: str) -> str:
    """Return the address if it is a path of this hub, else the gallery's.

    Browsers read `//host` and `/\\host` as another site, and drop tabs and line ends before they
    look; so all of these are refused, wherever they stand.
    """
    strange = (
        not address.startswith("/")
        or address.startswith("//")
        or "\\" in address
        or not address.isprintable()
        or not address.isascii()
    )
    return "/" if strange else address
