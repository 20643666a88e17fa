"""One event: its video, its stills, why it was made, and where each stage stands."""

from dataclasses import dataclass

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from central.accounts.access import ThePerson
from central.changes import feed
from central.context import Hub, TheHub
from central.errors import NotFound
from central.events import query
from central.events.query import EventFacts
from web import render, views

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Around:
    """Ids of the events beside this one; None at an end."""

    older: int | None
    newer: int | None
    continues: int | None


@router.get("/events/{event_id}")
def event_page(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return an event's page."""
    with hub.database.reading() as session:
        _, position = feed.span(session)
        facts = _found(session, event_id)
        beside = query.neighbours(session, facts)
        before = query.by_uid(session, facts.previous_uid) if facts.previous_uid else None
    around = Around(beside.older_id, beside.newer_id, before.id if before else None)
    return render.page(
        "event.html",
        person=person,
        event=_view(hub, event_id),
        around=around,
        position=position,
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
    return render.page("_player.html", event=_view(hub, event_id))


@router.get("/events/{event_id}/stages")
def event_stages(event_id: int, hub: TheHub, person: ThePerson) -> Response:
    """Return where each stage stands, for a page that is open."""
    return render.page("_stages.html", event=_view(hub, event_id))


def _view(hub: Hub, event_id: int) -> views.EventView:
    with hub.database.reading() as session:
        facts = _found(session, event_id)
        moves = query.history(session, event_id)
    return views.event(facts, moves, hub.settings.zone, hub.clock())


def _found(session: Session, event_id: int) -> EventFacts:
    facts = query.one(session, event_id)
    if facts is None:
        raise NotFound(f"Event {event_id} not found")
    return facts
