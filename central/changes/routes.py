"""`/api/v1/stream`: server-sent events that say what changed."""

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from central.accounts.access import ThePerson
from central.changes.tailer import Tailer, Told

router = APIRouter(prefix="/api/v1", tags=["changes"])

KEEPALIVE_S = 15.0


@router.get("/stream", response_class=StreamingResponse)
async def stream(
    request: Request,
    person: ThePerson,
    after: int | None = Query(None, ge=0),
    last_event_id: int | None = Header(None, ge=0),
) -> StreamingResponse:
    """Stream hints as server-sent events, from now or from a position that is known.

    A page passes the position it was made at as `after`; a browser that reconnects sends
    `Last-Event-ID` by itself, and that counts.

    `event: event` carries `{"kind", "verb", "id", "camera"}`; `event: reset` asks the client to
    load anew, because what it missed is no longer kept.
    """
    tailer: Tailer = request.app.state.tailer
    return StreamingResponse(
        _lines(tailer, after if last_event_id is None else last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(tailer: Tailer, resume_from: int | None) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    source = tailer.listen(resume_from)
    pending = asyncio.ensure_future(anext(source))
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=KEEPALIVE_S)
            if not done:
                yield ": still here\n\n"
                continue
            yield as_text(pending.result())
            pending = asyncio.ensure_future(anext(source))
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        await source.aclose()


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
