"""The gallery: events newest first, by day; new ones appear by themselves."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from central.accounts.access import ThePerson
from central.accounts.users import Person
from central.cameras import registry
from central.changes import feed
from central.context import Hub, TheHub
from central.errors import BadRequest
from central.events import query
from central.events.cursor import decode_cursor, encode_cursor
from central.events.query import Page
from web import render, views

router = APIRouter(include_in_schema=False)

PAGE_LENGTH = 24


def gallery_page(
    request: Request,
    hub: Hub,
    person: Person,
    camera: str | None,
    day: str | None,
    before: str | None,
) -> Response:
    """Return the gallery, perhaps of one camera or one day."""
    with hub.database.reading() as session:
        _, position = feed.span(session)
        cameras = registry.every(session)
    return render.page(
        "gallery.html",
        person=person,
        cameras=cameras,
        chosen=camera or "",
        chosen_day=day or "",
        position=position,
        **_cards(hub, camera, day, before),
    )


@router.get("/gallery/more")
def more(
    hub: TheHub,
    person: ThePerson,
    before: str,
    camera: str | None = None,
    day: str | None = None,
    after_day: str = "",
) -> Response:
    """Return the next stretch of the gallery, to be put at its end."""
    return render.page("_days.html", **_cards(hub, camera, day, before) | {"shown_day": after_day})


def _cards(hub: Hub, camera: str | None, day: str | None, before: str | None) -> dict[str, Any]:
    zone = hub.settings.zone
    since, until = bounds(day, zone) if day else (None, None)
    with hub.database.reading() as session:
        page: Page = query.recent(
            session,
            limit=PAGE_LENGTH,
            before=decode_cursor(before) if before else None,
            camera_id=camera or None,
            since=since,
            until=until,
        )
    now = hub.clock()
    address = [f"camera={camera}"] if camera else []
    address += [f"day={day}"] if day else []
    return {
        "days": views.days([views.card(facts, zone, now) for facts in page.events]),
        "next": encode_cursor(page.next) if page.next else None,
        "filters": "".join(f"&{part}" for part in address),
        "shown_day": "",
    }


def bounds(day: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends. Raises BadRequest."""
    try:
        start = date.fromisoformat(day)
        begins = datetime.combine(start, time(), zone)
        return begins, datetime.combine(start + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError) as error:
        raise BadRequest("`day` is written as 2026-03-31") from error
