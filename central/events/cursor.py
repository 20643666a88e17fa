"""A place in the list of events as text for addresses, and back."""

import base64
import json
from datetime import datetime

from central.errors import BadRequest
from central.events.query import HIGHEST_ID, Cursor


def encode_cursor(cursor: Cursor) -> str:
    """Return a cursor as an opaque text for addresses."""
    raw = json.dumps([cursor.started_at.isoformat(), cursor.id]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Read a cursor back. Raises BadRequest for anything that `encode_cursor` did not make."""
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(key, int) or abs(key) > HIGHEST_ID:
            raise ValueError
    except (ValueError, TypeError) as error:
        raise BadRequest("`before` is no cursor of ours; take it from `next`") from error
    return Cursor(moment, key)
