"""`/api/v1/audit`: the audit log, searched and exported."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, BeforeValidator

from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from central.audit import export, query
from central.audit.log import record
from central.audit.query import Search
from central.context import TheHub

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Reader = Annotated[Caller, Depends(needs(Permission.AUDIT_READ))]
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def _iso(value: object) -> object:
    if isinstance(value, str) and not value[:5].endswith("-"):
        raise ValueError("write a time as 2026-03-31T18:04:05Z")  # a bare number is no time
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_iso)]


class EntryOut(BaseModel):
    """One entry. `at` is UTC."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    address: str
    action: str
    object_kind: str
    object_id: str
    outcome: str
    detail: dict[str, Any] | None
    request_id: str | None


class AuditPage(BaseModel):
    """Entries, newest first. Pass `next` as `before` to get older ones; null at the end."""

    entries: list[EntryOut]
    next: int | None


def search_of(
    actor: Annotated[str, Query(max_length=100)] = "",
    action: Annotated[str, Query(max_length=50)] = "",
    about: Annotated[str, Query(max_length=130)] = "",
    outcome: Annotated[Literal["", "ok", "refused", "failed"], Query()] = "",
    since: Moment | None = None,
    until: Moment | None = None,
) -> Search:
    """Return what is looked for. `action` may be a beginning; `about` is `kind:id`, or an id."""
    return Search(actor, action, about, outcome, since, until)


@router.get("")
def list_entries(
    caller: Reader,
    hub: TheHub,
    search: Annotated[Search, Depends(search_of)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> AuditPage:
    """Return entries, newest first."""
    with hub.database.reading() as session:
        found = query.newest(session, search, limit, before)
    return AuditPage(
        entries=[EntryOut.model_validate(entry, from_attributes=True) for entry in found],
        next=found[-1].id if len(found) == limit else None,
    )


@router.get("/export", response_class=StreamingResponse)
def export_entries(
    request: Request,
    caller: Reader,
    hub: TheHub,
    search: Annotated[Search, Depends(search_of)],
    format: Literal["csv", "jsonl"] = "csv",
) -> StreamingResponse:
    """Return everything that is found, as CSV or as JSON lines. The export is an entry itself."""
    actor = caller.actor(address_of(request, hub))
    hub.database.write(
        lambda session: record(session, hub.clock(), actor, "audit.exported", "audit", format)
    )
    write = export.as_csv if format == "csv" else export.as_json_lines
    return StreamingResponse(
        write(query.walk(hub, search)),
        media_type=MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="gatehouse-audit.{format}"'},
    )
