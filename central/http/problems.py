"""Errors as RFC 9457 problem details, in one place; for pages, a redirect to the login."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from central.errors import GatehouseError, NotLoggedIn, Unavailable
from database.trouble import Trouble, trouble_of

log = logging.getLogger(__name__)

SAID = {
    Trouble.AWAY: "the hub's database does not answer now",
    Trouble.BUSY: "the hub's database is busy",
    Trouble.FULL: "the disk of the hub's database is full; nothing was stored",
    Trouble.READ_ONLY: "the hub's database is read-only now; nothing was stored",
}


def install(app: FastAPI) -> None:
    """Make the app answer every error in the same way."""
    app.add_exception_handler(GatehouseError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)


def wants_page(request: Request) -> bool:
    """Tell whether a person's browser is asking for a page, not a program for data."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get(
        "accept", ""
    )


def problem(
    status: int, title: str, detail: Any, headers: dict[str, str] | None = None
) -> Response:
    """Return a problem document. `detail` is what old clients read."""
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status,
        headers,
        media_type="application/problem+json",
    )


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatehouseError):
        raise error
    if isinstance(error, NotLoggedIn):
        if wants_page(request) and request.method in ("GET", "HEAD"):
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)
        return problem(401, error.title, str(error), {"WWW-Authenticate": "Bearer"})
    headers = {"Retry-After": "5"} if isinstance(error, Unavailable) else None
    return problem(error.status, error.title, str(error), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    mistakes = [
        {"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]}
        for entry in error.errors()
    ]
    return problem(422, "Request not understood", mistakes)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    return problem(error.status_code, title, error.detail, dict(error.headers or {}))


async def _database(request: Request, error: Exception) -> Response:
    if not isinstance(error, SQLAlchemyError):
        raise error
    trouble = trouble_of(error)
    if trouble is Trouble.OTHER:
        raise error  # our mistake: asking again would not help, and a 503 would hide it
    request.app.state.probe.note(error)
    log.warning("%s %s: the database is %s: %s", request.method, request.url.path, trouble, error)
    return problem(503, Unavailable.title, SAID[trouble], {"Retry-After": "5"})
