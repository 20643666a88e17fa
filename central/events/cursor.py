"""A place in the list of events as text for addresses, and back."""

from central import cursor
from central.events.query import Cursor


def encode_cursor(place: Cursor) -> str:
    """Return a cursor as an opaque text for addresses."""
    return cursor.encode(cursor.Place(place.started_at, place.id))


def decode_cursor(text: str) -> Cursor:
    """Read a cursor back. Raises BadRequest for anything that `encode_cursor` did not make."""
    place = cursor.decode(text)
    return Cursor(place.at, place.id)
