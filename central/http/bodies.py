"""What may come in: bodies bounded in size and time, and JSON that means one thing.

A pure ASGI middleware that holds a body whole before anything of ours sees it: a body that is cut
off, too large or too slow is nobody's half-done work. All bodies of this hub are small.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.http import strict_json
from central.http.problems import problem
from central.http.strict_json import BadJson

MIB = 1024 * 1024
LARGEST_BYTES = MIB
LARGER = {"/api/v1/logs": 32 * MIB}
"""Paths that take more: a boot's lines come in one batch."""

OWN_READERS = frozenset({"/api/v1/logs"})
"""Paths that read JSON for themselves: one odd line must not lose its neighbours."""

PATIENCE_S = 30.0
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class CutOff(Exception):
    """The client went away in the middle."""


class TooLong(Exception):
    """There is more than may be."""


class Bodies:
    """The middleware. `patience_s` is how long a whole body may take."""

    def __init__(self, app: ASGIApp, patience_s: float = PATIENCE_S) -> None:
        self._app = app
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on with its body whole, or refuse it."""
        if scope["type"] != "http" or scope["method"] in WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        limit = LARGER.get(path, LARGEST_BYTES)
        try:
            body = await asyncio.wait_for(_whole(headers, receive, limit), self._patience_s)
        except CutOff:
            return
        except TooLong:
            refusal = problem(413, f"a body may have {limit:,} bytes here; send smaller ones")
        except TimeoutError:
            refusal = problem(408, f"the body did not arrive within {self._patience_s:g} s")
        else:
            refusal_text = _fault(headers, path, body)
            if refusal_text is None:
                await self._app(scope, _again(body, receive), send)
                return
            refusal = problem(400, refusal_text)
        # What else the client still sends would be taken for its next request.
        refusal.headers["Connection"] = "close"
        await refusal(scope, receive, send)


async def _whole(headers: Headers, receive: Receive, limit: int) -> bytes:
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and (len(said) > 15 or int(said) > limit):
        raise TooLong
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutOff
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise TooLong
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _fault(headers: Headers, path: str, body: bytes) -> str | None:
    """Return what is wrong with a body that says it is JSON, or None."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    if not is_json or not body or path in OWN_READERS:
        return None
    try:
        strict_json.check(body)
    except BadJson as error:
        return str(error)
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body once, then whatever else there is to hear."""
    given = False

    async def hear() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return hear
