"""`/api/v1/logs`: batches of lines from agents, and what was said lately."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from central import cursor
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from central.context import TheHub
from central.errors import BadRequest, Forbidden
from central.local_time import local_naive, read_bound
from central.logs import lines, store
from central.logs.body import MOST_ENTRIES, read_entries, whole_body
from central.logs.store import COUNTED, Wanted
from central.logs.zones import Zones

router = APIRouter(prefix="/api/v1/logs", tags=["logs"])

Writer = Annotated[Caller, Depends(needs(Permission.LOGS_WRITE, wire=True))]
Reader = Annotated[Caller, Depends(needs(Permission.LOGS_READ, wire=True))]

LATELY = timedelta(minutes=15)
_REASONS_TOLD = 3

_ENTRY = {
    "type": "object",
    "required": ["source", "timestamp", "level", "message"],
    "properties": {
        "source": {"type": "string", "minLength": 1, "maxLength": lines.SOURCE_CHARACTERS},
        "timestamp": {
            "anyOf": [{"type": "string"}, {"type": "number"}],
            "description": "ISO 8601, naive ones local to the camera's zone; or epoch seconds.",
        },
        "level": {"type": "string", "description": "DEBUG, INFO, WARNING or ERROR."},
        "message": {"type": "string", "description": "May be blank. Over-long ones are cut."},
        "request_id": {"description": "The request this line speaks of. Optional."},
        "event_uid": {"description": "The event this line speaks of. Optional."},
    },
}
_EXAMPLE = [
    {
        "source": "front_door",
        "timestamp": "2026-03-01T12:59:58.123456",
        "level": "INFO",
        "message": "motion: something large moved towards the top",
        "event_uid": "9116802f-6a42-4a52-9a0e-6a3d1b0f1c11",
    }
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "array",
                    "minItems": 1,
                    "items": _ENTRY,
                },
                "example": _EXAMPLE,
            }
        },
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "An empty array"},
    413: {"description": f"More than {MOST_ENTRIES:,} entries; send them in parts"},
    422: {"description": "No array, or not one good entry in it"},
}


class RejectedOut(BaseModel):
    """An entry that was not stored: its place in the batch, from 0, and why."""

    index: int
    reason: str


class StoredOut(BaseModel):
    """What became of a batch. `rejected` is there only when an entry was bad."""

    status: str = "success"
    logs_inserted: int
    rejected: list[RejectedOut] | None = None


class LineOut(BaseModel):
    """A line. `timestamp` is local and naive, as old clients read it; `at` is the same in UTC."""

    id: int
    source: str
    timestamp: str
    level: str
    message: str
    at: datetime
    received_at: datetime
    request_id: str | None
    event_uid: str | None


class LinesOut(BaseModel):
    """Lines, newest first. `total` counts no further than 10,000; `next` leads on, as `before`."""

    logs: list[LineOut]
    total: int
    limit: int
    offset: int
    next: str | None


async def _zones(request: Request) -> Zones:
    zones: Zones = request.app.state.zones
    return zones


TheZones = Annotated[Zones, Depends(_zones)]


@router.post(
    "",
    status_code=201,
    response_model_exclude_none=True,
    openapi_extra=_BODY,
    responses=_REFUSALS,
)
def add_lines(
    writer: Writer, hub: TheHub, zones: TheZones, body: Annotated[bytes, Depends(whole_body)]
) -> StoredOut:
    """Store a batch of lines. One bad entry never loses its neighbours."""
    arrived_at = hub.clock()
    good, bad = lines.read_batch(
        read_entries(body), zones.of, lambda source: _owns(writer, source), arrived_at
    )
    rejected = [RejectedOut(index=index, reason=reason) for index, reason in bad]
    if not good:
        told = "; ".join(f"entry {one.index}: {one.reason}" for one in rejected[:_REASONS_TOLD])
        raise BadRequest(f"none of the {len(bad)} entries is a log line; {told}")
    store.add(hub.database, good, arrived_at)
    return StoredOut(logs_inserted=len(good), rejected=rejected or None)


@router.get("")
def list_lines(
    reader: Reader,
    hub: TheHub,
    zones: TheZones,
    source: Annotated[str | None, Query(max_length=lines.SOURCE_CHARACTERS)] = None,
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None,
    after: str | None = None,
    text: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    request_id: Annotated[str | None, Query(pattern=lines.REQUEST_ID)] = None,
    event_uid: UUID | None = None,
    before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=COUNTED)] = 0,
) -> LinesOut:
    """List lines, newest first; without `after`, those of the last 15 minutes.

    `after` is inclusive, local time of the source's camera (else of the house) unless it has an
    offset. `request_id` and `event_uid` look through all that is kept. `text` is searched in
    messages. An agent with a token reads its camera's lines. Beyond offset 10,000, page with
    `before`. A level or a text is looked for in 100,000
    lines at a time: a page may be short, or empty, while `next` still leads on.
    """
    source = _readable(reader, source)
    zone = zones.of(source) if source else hub.settings.zone
    wanted = Wanted(
        source=lines.harmless(source) if source is not None else None,
        level=level,
        after=_after(after, zone, hub.clock(), everything=bool(request_id or event_uid)),
        text=lines.harmless(text) if text else None,
        request_id=request_id,
        event_uid=str(event_uid) if event_uid else None,
    )
    with hub.database.reading() as session:
        page = store.newest(
            session, wanted, limit, offset, cursor.decode(before) if before else None
        )
        total = store.count(session, wanted)
    return LinesOut(
        logs=[
            LineOut(
                id=line.id,
                source=line.source,
                timestamp=local_naive(line.at, zone),
                level=line.level,
                message=line.message,
                at=line.at,
                received_at=line.received_at,
                request_id=line.request_id,
                event_uid=line.event_uid,
            )
            for line in page.lines
        ],
        total=total,
        limit=limit,
        offset=offset,
        next=cursor.encode(page.next) if page.next else None,
    )


def _owns(caller: Caller, source: str) -> bool:
    """Tell whether lines of this source are the caller's: those of a camera's, or of a part's."""
    return caller.may_see(source.partition(":")[0])


def _readable(reader: Caller, source: str | None) -> str | None:
    """Return the source to read, None for all. Raises Forbidden.

    Who may not see every camera reads the lines of one at a time.
    """
    if reader.cameras is None:
        return source
    if source is None and len(reader.cameras) == 1:
        (source,) = reader.cameras
    if source is None or not _owns(reader, source):
        own = ", ".join(sorted(reader.cameras)) or "no camera"
        raise Forbidden(f"say whose lines, by `source`: you may read those of {own}")
    return source


def _after(said: str | None, zone: ZoneInfo, now: datetime, *, everything: bool) -> datetime | None:
    if said is None:
        return None if everything else now - LATELY
    try:
        return read_bound(said, zone, now)
    except ValueError as error:
        raise BadRequest(f"`after`: {error}") from error
