"""The gallery: events newest first, by day; new ones appear by themselves."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central import cursor
from central.accounts.caller import Caller
from central.accounts.guard import needs_page
from central.accounts.permissions import Permission
from central.cameras import registry
from central.changes import feed
from central.context import Hub, TheHub
from central.errors import BadRequest
from central.events import query
from central.local_time import day_bounds
from web import render, views

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Caller, Depends(needs_page(Permission.EVENTS_READ))]

PAGE_LENGTH = 24
CAMERA_COOKIE = "gatehouse_camera"


def gallery_page(
    request: Request,
    hub: Hub,
    person: Caller,
    camera: str | None,
    day: str | None,
    before: str | None,
) -> Response:
    """Return the gallery, perhaps of one camera or one day.

    Without `camera` in the address the camera chosen last counts; an empty one chooses all again.
    """
    with hub.database.reading() as session:
        _, position = feed.span(session)
        cameras = [one for one in registry.every(session) if person.may_see(one.camera_id)]
    known = {one.camera_id for one in cameras}
    remembered = request.cookies.get(CAMERA_COOKIE, "")
    chosen = camera if camera is not None else remembered if remembered in known else ""
    try:
        found = _cards(hub, person, chosen, day, before)
        chosen_day = _day_words(day, hub) if day else ""
    except BadRequest as error:
        return render.sorry(person, error.status, "This address is not one of the gallery's.")
    answer = render.page(
        "gallery.html",
        person=person,
        cameras=cameras,
        chosen=chosen,
        chosen_name=next((one.name for one in cameras if one.camera_id == chosen), chosen),
        is_known=not chosen or chosen in known,
        chosen_day=day or "",
        chosen_day_label=chosen_day,
        today=hub.clock().astimezone(hub.settings.zone).date().isoformat(),
        is_older_page=bool(before),
        position=position,
        **found,
    )
    _remember(answer, request, chosen if chosen in known else "", remembered)
    return answer


@router.get("/gallery/more")
def more(
    hub: TheHub,
    person: Viewer,
    before: str,
    camera: str | None = None,
    day: str | None = None,
    after_day: str = "",
) -> Response:
    """Return the next stretch of the gallery, to be put at its end."""
    return render.page(
        "_days.html", **_cards(hub, person, camera or "", day, before) | {"shown_day": after_day}
    )


def _cards(
    hub: Hub, person: Caller, camera: str, day: str | None, before: str | None
) -> dict[str, Any]:
    zone = hub.settings.zone
    since, until = bounds(day, hub) if day else (None, None)
    with hub.database.reading() as session:
        page = query.recent(
            session,
            limit=PAGE_LENGTH,
            before=cursor.decode(before) if before else None,
            cameras=person.only(camera) if camera else person.cameras,
            since=since,
            until=until,
        )
    now = hub.clock()
    days = views.days([views.card(facts, zone, now) for facts in page.events])
    older = None
    if page.next:
        older = urlencode({"before": cursor.encode(page.next), "camera": camera, "day": day or ""})
    return {"days": days, "older": older, "shown_day": ""}


def bounds(day: str, hub: Hub) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends, in UTC. Raises BadRequest."""
    try:
        date.fromisoformat(day)  # cards are filed under dates alone
        return day_bounds(day, hub.settings.zone, hub.clock())
    except ValueError as error:
        raise BadRequest("`day` is written as 2026-03-31") from error


def _day_words(day: str, hub: Hub) -> str:
    today = hub.clock().astimezone(hub.settings.zone).date()
    return views.day_label(date.fromisoformat(day), today)


def _remember(answer: Response, request: Request, chosen: str, remembered: str) -> None:
    """Keep the choice for as long as the browser is open: an old filter must hide nothing."""
    if chosen and chosen != remembered:
        secure = request.url.scheme == "https"
        answer.set_cookie(CAMERA_COOKIE, chosen, httponly=True, samesite="lax", secure=secure)
    elif remembered and not chosen:
        answer.delete_cookie(CAMERA_COOKIE)
