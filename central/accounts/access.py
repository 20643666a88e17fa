"""Who is asking? Cookies for people, bearer tokens for agents."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.accounts.address import FORWARDED, client_address
from central.accounts.agent_tokens import AgentTokens
from central.accounts.users import Person, person_of
from central.context import Hub, TheHub
from central.errors import Forbidden, NotLoggedIn

SESSION_COOKIE = "gatehouse_session"


@dataclass(frozen=True)
class AgentIdentity:
    """An agent. `camera_id` is the only camera it may speak for; None under `open` access."""

    camera_id: str | None

    def must_own(self, camera_id: str) -> None:
        """Raise Forbidden unless this agent may speak for the camera."""
        if self.camera_id is not None and self.camera_id != camera_id:
            raise Forbidden(f"this token belongs to camera {self.camera_id}, not to {camera_id}")


def person(request: Request, hub: TheHub) -> Person:
    """Return the person who is logged in. Raises NotLoggedIn."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        with hub.database.reading() as session:
            found = person_of(session, token, hub.clock())
        if found is not None:
            return found
    raise NotLoggedIn("log in first, at /login")


def agent(request: Request, hub: TheHub) -> AgentIdentity:
    """Return the agent that shows a token. Raises NotLoggedIn."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotLoggedIn("send the agent's token as `Authorization: Bearer …`")
    tokens: AgentTokens = request.app.state.agent_tokens
    camera_id = tokens.camera_of(hub, token.strip())
    if camera_id is None:
        raise NotLoggedIn("this agent token is unknown or revoked; issue a new one on the hub")
    return AgentIdentity(camera_id)


def reader(request: Request, hub: TheHub) -> Person | AgentIdentity:
    """Return whoever may read events: a person who is logged in, or an agent with its token."""
    if "authorization" in request.headers or SESSION_COOKIE not in request.cookies:
        return agent(request, hub)
    return person(request, hub)


def wire_agent(request: Request, hub: TheHub) -> AgentIdentity:
    """Return the agent that is asking; `open` access frees exactly the calls that ask for this."""
    if "authorization" not in request.headers and _comes_from_open_network(request, hub):
        return AgentIdentity(None)
    return agent(request, hub)


def wire_reader(request: Request, hub: TheHub) -> Person | AgentIdentity:
    """Return whoever may read what the wire contract lists; `open` access frees these as well."""
    if SESSION_COOKIE in request.cookies and "authorization" not in request.headers:
        return person(request, hub)
    return wire_agent(request, hub)


def _comes_from_open_network(request: Request, hub: Hub) -> bool:
    if hub.settings.agent_access != "open" or request.client is None:
        return False
    address = client_address(
        request.client.host,
        ",".join(request.headers.getlist("x-forwarded-for")) or None,
        any(name in request.headers for name in FORWARDED),
        hub.settings.trusted_proxies,
    )
    return address is not None and any(address in net for net in hub.settings.open_networks)


ThePerson = Annotated[Person, Depends(person)]
TheAgent = Annotated[AgentIdentity, Depends(agent)]
TheReader = Annotated[Person | AgentIdentity, Depends(reader)]
TheWireAgent = Annotated[AgentIdentity, Depends(wire_agent)]
TheWireReader = Annotated[Person | AgentIdentity, Depends(wire_reader)]
