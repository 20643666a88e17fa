"""Logging in and out."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts.access import SESSION_COOKIE
from central.accounts.users import log_in, log_out
from central.context import TheHub
from web import render

router = APIRouter(include_in_schema=False)

DAY_S = 86_400


@router.get("/login")
def login_page(next: str = "/") -> Response:
    """Return the form."""
    return render.page("login.html", next=local(next), wrong=False, name="")


@router.post("/login")
def login(
    request: Request,
    hub: TheHub,
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Log in and go on to where the person wanted to go."""
    token = log_in(hub, name, password)
    if token is None:
        return render.page("login.html", 401, next=local(next), wrong=True, name=name)
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
    """Return the address if it is a path of this hub, else the gallery's."""
    parts = urlsplit(address)
    strange = parts.scheme or parts.netloc or "\\" in address or not address.isprintable()
    return "/" if strange or not address.startswith("/") or address.startswith("//") else address
