"""One event: its video, its stills, why it was made, and where each stage stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from central.accounts.caller import Caller
from central.accounts.guard import needs_page
from central.accounts.permissions import Permission
from central.changes import feed
from central.context import Hub, TheHub
from central.errors import NotFound
from central.events import chain, query
from central.events.query import EventFacts
from web import render, views

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Caller, Depends(needs_page(Permission.EVENTS_READ))]


@router.get("/events/{event_id}")
def event_page(event_id: int, hub: TheHub, person: Viewer) -> Response:
    """Return an event's page."""
    try:
        with hub.database.reading() as session:
            _, position = feed.span(session)
            facts = _found(session, event_id, person)
            beside = query.neighbours(session, facts, person.cameras)
            links = chain.links(session, facts)
            shown = _view(hub, session, facts)
    except NotFound:
        return render.sorry(person, 404, "There is no such event. It may have been deleted.")
    return render.page(
        "event.html", person=person, event=shown, beside=beside, links=links, position=position
    )


@router.get("/events/{event_id}/card")
def event_card(event_id: int, hub: TheHub, person: Viewer) -> Response:
    """Return an event's card, for a gallery that is open."""
    with hub.database.reading() as session:
        facts = _found(session, event_id, person)
    card = views.card(facts, hub.settings.zone, hub.clock())
    return render.page("_card_alone.html", card=card, camera_id=facts.camera_id)


@router.get("/events/{event_id}/player")
def event_player(event_id: int, hub: TheHub, person: Viewer) -> Response:
    """Return the player alone, for a page that is open while the video is being made."""
    return _part("_player.html", event_id, hub, person)


@router.get("/events/{event_id}/stages")
def event_stages(event_id: int, hub: TheHub, person: Viewer) -> Response:
    """Return where each stage stands, for a page that is open."""
    return _part("_stages.html", event_id, hub, person)


def _part(template: str, event_id: int, hub: Hub, person: Caller) -> Response:
    with hub.database.reading() as session:
        shown = _view(hub, session, _found(session, event_id, person))
    return render.page(template, event=shown)


def _view(hub: Hub, session: Session, facts: EventFacts) -> views.EventView:
    moves = query.history(session, facts.id)
    return views.event(facts, moves, hub.settings.zone, hub.clock())


def _found(session: Session, event_id: int, person: Caller) -> EventFacts:
    facts = query.one(session, event_id)
    if facts is None or not person.may_see(facts.camera_id):
        raise NotFound(f"Event {event_id} not found")
    return facts
