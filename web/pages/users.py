"""Users: who may log in, what they are, and which cameras they see. For admins."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.accounts import passwords, sessions, users
from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.guard import needs_form, needs_page
from central.accounts.permissions import Permission
from central.accounts.users import Wanted
from central.cameras import registry
from central.context import Hub, TheHub
from central.errors import GatehouseError, NotFound
from central.http.row_id import RowId
from web import account_views, render
from web.wording import sentence

router = APIRouter(include_in_schema=False, prefix="/users")

Admin = Annotated[Caller, Depends(needs_page(Permission.USERS_WRITE))]
Sender = Annotated[Caller, Depends(needs_form(Permission.USERS_WRITE))]
Text = Annotated[str, Form()]
Names = Annotated[list[str] | None, Form()]
SAID = {"changed": "The change is made.", "deleted": "The user is deleted."}


@router.get("")
def users_page(hub: TheHub, caller: Admin, done: str = "") -> Response:
    """Return the list and the form for one more."""
    return _list(hub, caller, said=SAID.get(done, ""))


@router.post("/add")
def add(
    request: Request,
    hub: TheHub,
    caller: Sender,
    name: Text = "",
    role: Text = "viewer",
    cameras: Text = "all",
    camera: Names = None,
) -> Response:
    """Make a user; the password is made up and shown this once."""
    password = passwords.made_up()
    try:
        actor = caller.actor(address_of(request, hub))
        users.add(hub, actor, name, role, password, _cameras(cameras, camera))
    except GatehouseError as error:
        return _list(hub, caller, error)
    return _list(hub, caller, password=password, password_of=name.strip())


@router.get("/{user_id}")
def user_page(user_id: RowId, hub: TheHub, caller: Admin, done: str = "") -> Response:
    """Return a user's page."""
    return _one(hub, caller, user_id, said=SAID.get(done, ""))


@router.post("/{user_id}/change")
def change(
    user_id: RowId,
    request: Request,
    hub: TheHub,
    caller: Sender,
    name: Text = "",
    role: Text = "",
    enabled: Annotated[bool, Form()] = False,
    cameras: Text = "all",
    camera: Names = None,
) -> Response:
    """Change a user."""
    try:
        wanted = Wanted(name, role, enabled, _cameras(cameras, camera))
        users.change(hub, caller.actor(address_of(request, hub)), user_id, wanted)
    except GatehouseError as error:
        return _one(hub, caller, user_id, error)
    return RedirectResponse(f"/users/{user_id}?done=changed", 303)


@router.post("/{user_id}/password")
def new_password(user_id: RowId, request: Request, hub: TheHub, caller: Sender) -> Response:
    """Give a user a new password, made up and shown this once; all their logins end."""
    password = passwords.made_up()
    try:
        actor = caller.actor(address_of(request, hub))
        kept = caller.credential if caller.id == user_id else 0
        users.set_password(hub, actor, user_id, password, kept_session=kept)
    except GatehouseError as error:
        return _one(hub, caller, user_id, error)
    return _one(hub, caller, user_id, password=password)


@router.post("/{user_id}/delete")
def delete(user_id: RowId, request: Request, hub: TheHub, caller: Sender) -> Response:
    """Delete a user."""
    try:
        users.remove(hub, caller.actor(address_of(request, hub)), user_id)
    except GatehouseError as error:
        return _one(hub, caller, user_id, error)
    return RedirectResponse("/users?done=deleted", 303)


def _cameras(choice: str, chosen: list[str] | None) -> tuple[str, ...] | str:
    return "all" if choice == "all" else tuple(chosen or ())


def _list(
    hub: Hub,
    caller: Caller,
    error: GatehouseError | None = None,
    *,
    said: str = "",
    password: str = "",
    password_of: str = "",
) -> Response:
    with hub.database.reading() as session:
        found = users.every(session)
        cameras = registry.every(session)
    return render.page(
        "users.html",
        error.status if error else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here="/users",
        wrong=sentence(str(error)) if error else "",
        said=said,
        users=[(facts, account_views.cameras_of(facts)) for facts in found],
        cameras=[(camera.camera_id, camera.name) for camera in cameras],
        roles=account_views.ROLE_WORDS,
        password=password,
        password_of=password_of,
    )


def _one(
    hub: Hub,
    caller: Caller,
    user_id: RowId,
    error: GatehouseError | None = None,
    *,
    said: str = "",
    password: str = "",
) -> Response:
    now, zone = hub.clock(), hub.settings.zone
    try:
        with hub.database.reading() as session:
            facts = users.one(session, user_id)
            logins = sessions.of_user(session, user_id, now)
            cameras = registry.every(session)
    except NotFound:
        return render.sorry(caller, 404, "There is no such user. They may have been deleted.")
    return render.page(
        "user.html",
        error.status if error else 200,
        person=caller,
        tabs=account_views.tabs(caller),
        here="/users",
        wrong=sentence(str(error)) if error else "",
        said=said,
        user=facts,
        logins=[account_views.login(one, False, zone, now) for one in logins],
        cameras=[(camera.camera_id, camera.name) for camera in cameras],
        roles=account_views.ROLE_WORDS,
        since=account_views.moment(facts.created_at, zone, now),
        password=password,
    )
