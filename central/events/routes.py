"""`/api/v1/events/{id}/media`: the files of an event. Its other calls are the wire contract's."""

from fastapi import APIRouter, Request, Response

from central.accounts.access import AgentIdentity, TheReader
from central.context import TheHub
from central.errors import NotFound
from central.events import files, query
from central.media import serve
from nfs.layout import FileKind

router = APIRouter(prefix="/api/v1/events", tags=["events"])


@router.get("/{event_id}/media/{kind}", response_class=Response)
@router.head("/{event_id}/media/{kind}", response_class=Response, include_in_schema=False)
def media(
    event_id: int, kind: FileKind, request: Request, reader: TheReader, hub: TheHub
) -> Response:
    """Return a file of an event; byte ranges are honoured, so players can seek."""
    with hub.database.reading() as session:
        facts = query.one(session, event_id)
        file = files.find(session, event_id, kind) if facts else None
    hidden = isinstance(reader, AgentIdentity) and facts and reader.camera_id != facts.camera_id
    if facts is None or hidden:
        raise NotFound(f"Event {event_id} not found")
    if file is None or not file.transferred:
        raise NotFound(f"event {event_id} has no {kind}")
    return serve.respond(hub.settings.share_root, file.path, kind, request)
