"""Clips that follow each other without a gap: what stands before and after one."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.events.query import EventFacts
from database.models import Event


@dataclass(frozen=True)
class Links:
    """Ids of the segments beside one; None at an end.

    `previous_missing`: there is an earlier segment, but the hub does not have it (yet).
    """

    previous_id: int | None
    next_id: int | None
    previous_missing: bool


def links(session: Session, facts: EventFacts) -> Links:
    """Return the segments that this event continues, and that continue it."""
    previous = None
    if facts.previous_uid is not None:
        previous = session.scalar(select(Event.id).where(Event.uid == facts.previous_uid))
    following = session.scalar(
        select(Event.id).where(Event.previous_uid == facts.uid).order_by(Event.id).limit(1)
    )
    return Links(previous, following, facts.previous_uid is not None and previous is None)
