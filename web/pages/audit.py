"""The audit log: searched, leafed through, exported."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from central.accounts.caller import Caller
from central.accounts.guard import needs_page
from central.accounts.permissions import Permission
from central.audit import query
from central.audit.query import Search
from central.context import TheHub
from web import account_views, render

router = APIRouter(include_in_schema=False)

Reader = Annotated[Caller, Depends(needs_page(Permission.AUDIT_READ))]
Text = Annotated[str, Query(max_length=130)]
PAGE_LENGTH = 50


@router.get("/audit")
def audit_page(
    hub: TheHub,
    caller: Reader,
    actor: Text = "",
    action: Text = "",
    about: Text = "",
    outcome: Text = "",
    day: Text = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Return entries, newest first."""
    zone, now = hub.settings.zone, hub.clock()
    since, until = _bounds(day, zone)
    wrong = "" if since or not day else "A day is written as 2026-03-31."
    search = Search(actor.strip(), action.strip(), about.strip(), outcome, since, until)
    with hub.database.reading() as session:
        found = query.newest(session, search, PAGE_LENGTH, before)
        actions = query.actions(session)
    asked = {"actor": actor, "action": action, "about": about, "outcome": outcome}
    older = asked | {"day": day, "before": str(found[-1].id)} if len(found) == PAGE_LENGTH else {}
    exported = asked | {
        name: at.isoformat() for name, at in (("since", since), ("until", until)) if at
    }
    return render.page(
        "audit.html",
        422 if wrong else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here="/audit",
        wrong=wrong,
        entries=[account_views.entry(one, zone, now) for one in found],
        actions=actions,
        asked=asked,
        day=day,
        is_asked=any(asked.values()) or bool(day),
        today=now.astimezone(zone).date().isoformat(),
        is_older_page=before is not None,
        older=urlencode({name: value for name, value in older.items() if value}),
        exported=urlencode({name: value for name, value in exported.items() if value}),
    )


def _bounds(day: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return when a local day begins and ends, in UTC; nothing for what is no day."""
    try:
        start = date.fromisoformat(day)
        begins = datetime.combine(start, time(), zone)
        ends = datetime.combine(start + timedelta(days=1), time(), zone)
        return begins.astimezone(UTC), ends.astimezone(UTC)
    except (ValueError, OverflowError):
        return None, None
