"""Errors as RFC 9457 problem details, in one place; for pages, a redirect to the login."""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.errors import GatehouseError, NotLoggedIn
from central.http.kinds import kind_of
from central.http.request_ids import CURRENT
from database.trouble import Trouble, trouble_of

log = logging.getLogger(__name__)

SAID = {
    Trouble.AWAY: "the hub's database does not answer now",
    Trouble.BUSY: "the hub's database is busy",
    Trouble.FULL: "the disk of the hub's database is full; nothing was stored",
    Trouble.READ_ONLY: "the hub's database is read-only now; nothing was stored",
}


MOST_TOLD = 20
"""Mistakes in one request that are told: who makes more has another trouble."""

PageMaker = Callable[[int, str], Response]
"""Makes a page for a person out of a status and a sentence."""


def install(app: FastAPI, page: PageMaker) -> None:
    """Make the app answer every error in the same way, and people with a page."""
    app.state.error_page = page
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
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """Return a problem document. `detail` is what old clients read."""
    kind = kind_of(status)
    said: dict[str, Any] = {
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": _printable(detail),
        "request_id": CURRENT.get(),
    }
    if errors is not None:
        said["errors"] = errors
    return JSONResponse(said, status, headers, media_type="application/problem+json")


def refusal(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """Return what a program is told, or a page for a person."""
    if not wants_page(request):
        return problem(status, detail, headers, errors)
    maker: PageMaker = request.app.state.error_page
    page = maker(status, _printable(detail))
    for name, value in (headers or {}).items():
        page.headers[name] = value
    return page


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatehouseError):
        raise error
    headers = dict(error.headers)
    if isinstance(error, NotLoggedIn) and wants_page(request):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)
    return refusal(request, error.status, str(error), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    mistakes = [
        {"loc": [_shown(part) for part in entry["loc"]], "msg": _printable(entry["msg"])}
        for entry in error.errors()[:MOST_TOLD]
    ]
    detail = "; ".join(_sentence(entry) for entry in mistakes)
    return refusal(request, 422, detail, errors=mistakes)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return refusal(request, error.status_code, str(error.detail), error.headers)


async def _database(request: Request, error: Exception) -> Response:
    if not isinstance(error, SQLAlchemyError):
        raise error
    trouble = trouble_of(error)
    if trouble is Trouble.OTHER:
        raise error  # our mistake: asking again would not help, and a 503 would hide it
    request.app.state.probe.note(error)
    log.warning("%s %s: the database is %s: %s", request.method, request.url.path, trouble, error)
    return refusal(request, 503, SAID[trouble], {"Retry-After": "5"})


def _sentence(entry: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in entry["loc"][1:])
    return f"{place}: {entry['msg']}" if place else str(entry["msg"])


def _shown(part: object) -> object:
    return part if isinstance(part, int) else _printable(str(part))[:100]


def _printable(text: str) -> str:
    """Return a text that every encoding takes: an error must not fail over what it speaks of."""
    return text.encode("utf-8", "replace").decode()


class Unexpected:
    """Pure ASGI middleware: what nobody expected is logged with its request, and nothing leaks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer; answer for it when it fails before it has begun."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            log.exception("%s %s failed unexpectedly", scope.get("method", "socket"), scope["path"])
            if begun or scope["type"] != "http":
                raise
            said = "the hub made a mistake; its log tells more under this request_id"
            await problem(500, said)(scope, receive, send)
