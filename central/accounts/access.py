"""Who is asking? The older dependencies, for routes that do not yet say which right they need.

They know nothing of rights to single cameras, and so refuse whoever may not see all of them.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.accounts.agent_tokens import AgentTokens
from central.accounts.asker import SESSION_COOKIE as SESSION_COOKIE
from central.accounts.asker import session_token
from central.accounts.caller import Caller
from central.accounts.credentials import comes_from_open_network, of_session
from central.context import TheHub
from central.errors import Forbidden, NotLoggedIn


@dataclass(frozen=True)
class AgentIdentity:
    """An agent. `camera_id` is the only camera it may speak for; None under `open` access."""

    camera_id: str | None

    def must_own(self, camera_id: str) -> None:
        """Raise Forbidden unless this agent may speak for the camera."""
        if self.camera_id is not None and self.camera_id != camera_id:
            raise Forbidden(f"this token belongs to camera {self.camera_id}, not to {camera_id}")


def person(request: Request, hub: TheHub) -> Caller:
    """Return the person who is logged in and may see every camera. Raises NotLoggedIn."""
    token = session_token(request, hub)
    found = of_session(hub, token) if token else None
    if found is None:
        raise NotLoggedIn("log in first, at /login")
    if found.cameras is not None:
        raise Forbidden("this shows every camera, and you may see some of them")
    return found


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


def reader(request: Request, hub: TheHub) -> Caller | AgentIdentity:
    """Return whoever may read events: a person who is logged in, or an agent with its token."""
    if "authorization" in request.headers or not session_token(request, hub):
        return agent(request, hub)
    return person(request, hub)


def wire_agent(request: Request, hub: TheHub) -> AgentIdentity:
    """Return the agent that is asking; `open` access frees exactly the calls that ask for this."""
    if "authorization" not in request.headers and comes_from_open_network(request, hub):
        return AgentIdentity(None)
    return agent(request, hub)


def wire_reader(request: Request, hub: TheHub) -> Caller | AgentIdentity:
    """Return whoever may read what the wire contract lists; `open` access frees these as well."""
    if session_token(request, hub) and "authorization" not in request.headers:
        return person(request, hub)
    return wire_agent(request, hub)


ThePerson = Annotated[Caller, Depends(person)]
TheAgent = Annotated[AgentIdentity, Depends(agent)]
TheReader = Annotated[Caller | AgentIdentity, Depends(reader)]
TheWireAgent = Annotated[AgentIdentity, Depends(wire_agent)]
TheWireReader = Annotated[Caller | AgentIdentity, Depends(wire_reader)]
