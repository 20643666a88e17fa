"""One id per request, from the caller or made here: in each answer, each error and each log line.

An agent sends its own, so that its line, ours and the database's can be laid side by side.
"""

import re
import secrets
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"
CURRENT: ContextVar[str] = ContextVar("gatehouse_request_id", default="")
"""The id of the request that this code works for; empty outside of any."""

_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def new_id() -> str:
    """Return a fresh id."""
    return secrets.token_hex(8)


class RequestIds:
    """Pure ASGI middleware; the outermost but for what answers the unexpected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id and say it in the answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get(HEADER, "")
        request_id = said if _ACCEPTED.fullmatch(said) else new_id()

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        token = CURRENT.set(request_id)
        try:
            await self._app(scope, receive, with_id)
        finally:
            CURRENT.reset(token)
