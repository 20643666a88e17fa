"""One event: its video, its stills, why it was made, and where each stage stands."""

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from central.accounts.access import ThePerson
from central.changes import feed
from central.context import Hub, TheHub
from central.errors import NotFound
from central.events import chain, query
from central.events.query import EventFacts
from web import render, views

router = APIRouter(include_in_schema=False)


@router.get("/events/{event_id}")
def event_page(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return an event's page."""
    try:
        with hub.database.reading() as session:
            _, position = feed.span(session)
            facts = _found(session, event_id)
            beside = query.neighbours(session, facts)
            links = chain.links(session, facts)
            shown = _view(hub, session, facts)
    except NotFound:
        return render.sorry(person, 404, "There is no such event. It may have been deleted.")
    return render.page(
        "event.html", person=person, event=shown, beside=beside, links=links, position=position
    )


@router.get("/events/{event_id}/card")
def event_card(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return an event's card, for a gallery that is open."""
    with hub.database.reading() as session:
        facts = _found(session, event_id)
    card = views.card(facts, hub.settings.zone, hub.clock())
    return render.page("_card_alone.html", card=card, camera_id=facts.camera_id)


@router.get("/events/{event_id}/player")
def event_player(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return the player alone, for a page that is open while the video is being made."""
    return _part("_player.html", event_id, hub)


@router.get("/events/{event_id}/stages")
def event_stages(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return where each stage stands, for a page that is open."""
    return _part("_stages.html", event_id, hub)


def _part(template: str, event_id: int, hub: Hub) -> Response:
    with hub.database.reading() as session:
        shown = _view(hub, session, _found(session, event_id))
    return render.page(template, event=shown)


def _view(hub: Hub, session: Session, facts: EventFacts) -> views.EventView:
    moves = query.history(session, facts.id)
    return views.event(facts, moves, hub.settings.zone, hub.clock())


def _found(session: Session, event_id: int) -> EventFacts:
    facts = query.one(session, event_id)
    if facts is None:
        raise NotFound(f"Event {event_id} not found")
    return facts
