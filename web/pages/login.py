"""Logging in, in one step or two, and out."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from central.accounts import login as logins
from central.accounts import second_step, users
from central.accounts.asker import asker, drop_session, session_token, set_session
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, public
from central.accounts.limits import limits_of
from central.accounts.passwords import LONGEST as LONGEST
from central.accounts.permissions import Permission
from central.accounts.profile import end_login
from central.context import Hub, TheHub
from central.errors import NotFound, NotLoggedIn, TooMany
from database.models import User
from web import render

router = APIRouter(include_in_schema=False)

Leaver = Annotated[Caller, Depends(needs_form(Permission.ACCOUNT_SELF))]


@router.get("/login", dependencies=[Depends(public("the form to log in with"))])
def login_page(hub: TheHub, next: str = "/") -> Response:
    """Return the form; on a hub without users, the way to its first one."""
    with suppress(SQLAlchemyError):  # the form at least: the database may be back when it is sent
        if users.is_empty(hub):
            return RedirectResponse("/first-run", 303)
    return _form(next=local(next))


@router.post("/login", dependencies=[Depends(public("the form to log in with"))])
def login(
    request: Request,
    hub: TheHub,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Log in, or ask for the second step, and go on to where the person wanted to go."""
    back = local(next)
    try:
        user = logins.check_password(
            hub, limits_of(request), asker(request, hub), name[: LONGEST + 1], password
        )
    except NotLoggedIn as error:
        return _form(401, next=back, wrong=str(error), name=name[:LONGEST])
    except TooMany as error:
        return _too_many(error, next=back, name=name[:LONGEST])
    if user.totp_confirmed_at is not None:
        return _form(next=back, ticket=second_step.ticket_for(hub, user))
    return _enter(request, hub, user, back)


@router.post("/login/code", dependencies=[Depends(public("the second step of logging in"))])
def code(
    request: Request,
    hub: TheHub,
    ticket: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Take the code of the second step."""
    back = local(next)
    try:
        user = logins.user_of_ticket(hub, ticket)
    except NotLoggedIn as error:
        return _form(401, next=back, wrong=str(error))
    try:
        logins.check_code(hub, limits_of(request), asker(request, hub), user, code)
    except NotLoggedIn as error:
        return _form(401, next=back, ticket=ticket, wrong=str(error))
    except TooMany as error:
        return _too_many(error, next=back, ticket=ticket)
    return _enter(request, hub, user, back)


@router.post("/logout")
def logout(request: Request, hub: TheHub, caller: Leaver) -> Response:
    """End the session, here and in the database."""
    with suppress(NotFound):  # it has ended meanwhile
        where = asker(request, hub)
        end_login(hub, caller, where.address, caller.credential, program=False)
    answer = RedirectResponse("/login", 303)
    drop_session(answer, request, hub)
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


def _enter(request: Request, hub: Hub, user: User, back: str) -> Response:
    where = asker(request, hub)
    token = logins.begin_session(hub, user, where, session_token(request, hub))
    answer = RedirectResponse(back, 303)
    set_session(answer, request, hub, token)
    return answer


def _form(
    status: int = 200, *, next: str, wrong: str = "", name: str = "", ticket: str = ""
) -> Response:
    return render.page("login.html", status, next=next, wrong=wrong, name=name, ticket=ticket)


def _too_many(error: TooMany, *, next: str, name: str = "", ticket: str = "") -> Response:
    sentence = str(error)[0].upper() + str(error)[1:] + "."
    answer = _form(429, next=next, wrong=sentence, name=name, ticket=ticket)
    answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer
