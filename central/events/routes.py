"""`/api/v1/events/{id}/media`: the files of an event. Its other calls are the wire contract's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from central.audit.views import Views
from central.context import TheHub
from central.errors import NotFound
from central.events import files, query
from central.media import serve
from nfs.layout import FileKind

router = APIRouter(prefix="/api/v1/events", tags=["events"])

Viewer = Annotated[Caller, Depends(needs(Permission.EVENTS_READ, often=True))]


@router.get("/{event_id}/media/{kind}", response_class=Response)
@router.head("/{event_id}/media/{kind}", response_class=Response, include_in_schema=False)
def media(
    event_id: int,
    kind: FileKind,
    request: Request,
    viewer: Viewer,
    hub: TheHub,
    download: Annotated[bool, Query(description="As a file to keep, under a name")] = False,
) -> Response:
    """Return a file of an event; byte ranges are honoured, so players can seek."""
    unknown = f"Event {event_id} not found"
    with hub.database.reading() as session:
        facts = query.one(session, event_id)
        file = files.find(session, event_id, kind) if facts else None
    if facts is None:
        raise NotFound(unknown)
    viewer.must_see(facts.camera_id, unknown)
    if file is None or not file.transferred:
        raise NotFound(f"event {event_id} has no {kind}")
    answer = serve.respond(hub.settings.share_root, file.path, kind, request)
    if download:
        name = files.name_of(facts, kind, hub.settings.zone)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if viewer.kind == "person":
        views: Views = request.app.state.views
        actor = viewer.actor(address_of(request, hub))
        views.note(hub, actor, event_id, facts.camera_id, kind, downloaded=download)
    return answer
