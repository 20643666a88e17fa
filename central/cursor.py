"""A place in a list that is sorted by time and id, as text for addresses, and back."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from central.errors import BadRequest

HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Place:
    """The last row that was seen: its moment (UTC) and its id. Older ones follow."""

    at: datetime
    id: int


def encode(place: Place) -> str:
    """Return a place as an opaque text for addresses."""
    raw = json.dumps([place.at.isoformat(), place.id]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> Place:
    """Read a place back. Raises BadRequest for anything that `encode` did not make."""
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(key, int) or abs(key) > HIGHEST_ID:
            raise ValueError
        return Place(moment.astimezone(UTC), key)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadRequest("`before` is no cursor of ours; take it from `next`") from error
