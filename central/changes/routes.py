"""`/api/v1/stream`: server-sent events that say what changed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from central.accounts.caller import Caller
from central.accounts.credentials import caller_of
from central.accounts.guard import needs_page
from central.accounts.permissions import Permission
from central.changes.tailer import Tailer, Told
from central.context import Hub, TheHub
from central.errors import NotLoggedIn

router = APIRouter(prefix="/api/v1", tags=["changes"])

KEEPALIVE_S = 15.0
STILL_ALLOWED_S = 2.0
"""How often a stream asks whether its login still stands and what it may see."""

Listener = Annotated[Caller, Depends(needs_page(Permission.EVENTS_READ))]


@router.get("/stream", response_class=StreamingResponse)
async def stream(
    request: Request,
    caller: Listener,
    hub: TheHub,
    after: int | None = Query(None, ge=0),
    last_event_id: int | None = Header(None, ge=0),
) -> StreamingResponse:
    """Stream hints as server-sent events, from now or from a position that is known.

    A page passes the position it was made at as `after`; a browser that reconnects sends
    `Last-Event-ID` by itself, and that counts.

    `event: event` carries `{"kind", "verb", "id", "camera"}`; `event: reset` asks the client to
    load anew, because what it missed is no longer kept. The stream ends with the caller's login.
    """
    tailer: Tailer = request.app.state.tailer
    return StreamingResponse(
        _lines(
            tailer,
            after if last_event_id is None else last_event_id,
            caller,
            lambda: _still(request, hub),
        ),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _still(request: Request, hub: Hub) -> Caller | None:
    """Return who is listening, as of now; None when login or right have ended."""
    try:
        found = caller_of(request, hub)
    except NotLoggedIn:
        return None
    return found if found.may(Permission.EVENTS_READ) else None


async def _lines(
    tailer: Tailer,
    resume_from: int | None,
    caller: Caller,
    still: Callable[[], Caller | None],
) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    source = tailer.listen(resume_from)
    pending = asyncio.ensure_future(anext(source))
    clock = asyncio.get_running_loop().time
    asked_at = said_at = clock()
    try:
        while True:
            due_s = max(0.0, asked_at + STILL_ALLOWED_S - clock())
            done, _ = await asyncio.wait({pending}, timeout=due_s)
            if clock() >= asked_at + STILL_ALLOWED_S:
                try:
                    found = await run_in_threadpool(still)
                except SQLAlchemyError:
                    found = caller  # nothing can be revoked while the database is away
                if found is None:
                    return
                caller, asked_at = found, clock()
            if done:
                told = pending.result()
                if may_hear(caller, told):
                    yield as_text(told)
                    said_at = clock()
                pending = asyncio.ensure_future(anext(source))
            elif clock() >= said_at + KEEPALIVE_S:
                yield ": still here\n\n"
                said_at = clock()
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        await source.aclose()


def may_hear(caller: Caller, told: Told) -> bool:
    """Tell whether this hint is about something the caller may know of.

    A hint that names no camera is for those who may see all of them.
    """
    if told.hint is None or caller.cameras is None:
        return True
    return told.hint.camera_id is not None and caller.may_see(told.hint.camera_id)


def as_text(told: Told) -> str:
    """Return one server-sent event."""
    if told.hint is None:
        return f"id: {told.position}\nevent: reset\ndata: {{}}\n\n"
    data = json.dumps(
        {
            "kind": told.hint.kind,
            "verb": told.hint.verb,
            "id": told.hint.ref,
            "camera": told.hint.camera_id,
        }
    )
    return f"id: {told.position}\nevent: {told.hint.kind}\ndata: {data}\n\n"
