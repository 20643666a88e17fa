"""From what a request shows to who is asking: cookie, token of any kind, or an open network."""

import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from central.accounts import access_tokens, api_tokens, refresh, sessions, users
from central.accounts.address import FORWARDED, client_address
from central.accounts.agent_tokens import AgentTokens
from central.accounts.asker import session_token
from central.accounts.caller import Caller, Login
from central.accounts.permissions import AGENT, WORKER, Permission, of_role
from central.accounts.tokens import Prefix, form_token, token_hash
from central.context import Hub
from central.errors import NotLoggedIn
from database.models import User

BELIEVED_S = 2.0
"""A revoked token is refused this much later at most, in each process."""

UNKNOWN = "this token is unknown, expired or revoked"
OPEN = Caller("open", 0, "open network", "", AGENT, None, "open")


class Believed:
    """Callers whose tokens were looked up a moment ago. One per process; thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Caller, float]] = {}

    def caller(self, token: str, look_up: Callable[[], Caller | None]) -> Caller | None:
        """Return whose token this is, looked up at most two seconds ago."""
        digest, now_s = token_hash(token), time.monotonic()
        known = self._known.get(digest)
        if known is not None and now_s < known[1]:
            return known[0]
        found = look_up()
        if found is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) > 1000:
            self._known = {key: kept for key, kept in self._known.items() if kept[1] > now_s}
        self._known[digest] = (found, now_s + BELIEVED_S)
        return found


def caller_of(request: HTTPConnection, hub: Hub, *, wire: bool = False) -> Caller:
    """Return who is asking. Raises NotLoggedIn.

    A token that is shown counts before a cookie: who shows a bad one is not let in by the other.
    `wire`: this call is one that `open` access frees.
    """
    if "authorization" in request.headers:
        return _of_bearer(request, hub)
    token = session_token(request, hub)
    if token:
        found = of_session(hub, token)
        if found is not None:
            return found
    if wire and comes_from_open_network(request, hub):
        return OPEN
    raise NotLoggedIn("log in first, at /login, or send a token as `Authorization: Bearer …`")


def of_session(hub: Hub, token: str) -> Caller | None:
    """Return who is logged in with this cookie, or None."""
    with hub.database.reading() as session:
        found = sessions.find(session, hub, token)
        if found is None:
            return None
        row, user = found
        caller = _person(session, user, "session", row.id)
    sessions.note_seen(hub, row)
    return replace(caller, form_token=form_token(token))


def comes_from_open_network(request: HTTPConnection, hub: Hub) -> bool:
    """Tell whether `open` access applies to where this request comes from."""
    if hub.settings.agent_access != "open" or request.client is None:
        return False
    address = client_address(
        request.client.host,
        ",".join(request.headers.getlist("x-forwarded-for")) or None,
        any(name in request.headers for name in FORWARDED),
        hub.settings.trusted_proxies,
    )
    return address is not None and any(address in net for net in hub.settings.open_networks)


def _of_bearer(request: HTTPConnection, hub: Hub) -> Caller:
    scheme, _, token = request.headers["authorization"].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotLoggedIn("send a token as `Authorization: Bearer …`")
    believed: Believed = request.app.state.believed
    if token.startswith(Prefix.PERSONAL):
        found = believed.caller(token, lambda: _of_personal(hub, token))
    elif token.startswith(Prefix.WORKER):
        found = believed.caller(token, lambda: _of_worker(hub, token))
    elif access_tokens.looks_like(token):
        found = believed.caller(token, lambda: _of_access(hub, token))
        if found is not None and access_tokens.read(hub, token) is None:
            found = None  # it has run out while it was believed
    else:
        agents: AgentTokens = request.app.state.agent_tokens
        camera_id = agents.camera_of(hub, token)
        found = None if camera_id is None else of_agent(camera_id)
    if found is None:
        raise NotLoggedIn(UNKNOWN)
    return found


def of_agent(camera_id: str) -> Caller:
    """Return the agent of a camera: it knows of no other."""
    return Caller("agent", 0, camera_id, "", AGENT, frozenset({camera_id}), "agent")


def _of_personal(hub: Hub, token: str) -> Caller | None:
    with hub.database.reading() as session:
        row = api_tokens.find(session, "personal", token, hub.clock())
        user = session.get(User, row.user) if row is not None else None
        if row is None or user is None or not user.enabled:
            return None
        found = _person(session, user, "personal", row.id)
    api_tokens.note_used(hub, row)
    scopes = frozenset(Permission(name) for name in row.scopes if name in set(Permission))
    return replace(found, permissions=found.permissions & scopes)


def _of_worker(hub: Hub, token: str) -> Caller | None:
    with hub.database.reading() as session:
        row = api_tokens.find(session, "worker", token, hub.clock())
    if row is None:
        return None
    api_tokens.note_used(hub, row)
    return Caller("worker", 0, row.name, "", WORKER, None, "worker", row.id)


def _of_access(hub: Hub, token: str) -> Caller | None:
    claims = access_tokens.read(hub, token)
    if claims is None:
        return None
    with hub.database.reading() as session:
        user = session.get(User, claims.user_id)
        if user is None or not user.enabled:
            return None
        if not refresh.is_alive(session, user.id, claims.family):
            return None
        return replace(_person(session, user, "access", 0), family=claims.family)


def _person(session: Session, user: User, login: Login, credential: int) -> Caller:
    return Caller(
        kind="person",
        id=user.id,
        name=user.name,
        role=user.role,
        permissions=of_role(user.role),
        cameras=users.cameras_of(session, user),
        login=login,
        credential=credential,
    )
