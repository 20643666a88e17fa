"""What a request says of where it comes from: address, device, and whether its line is safe."""

from dataclasses import dataclass

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from central.accounts.address import FORWARDED, client_address, parsed
from central.context import Hub

SESSION_COOKIE = "gatehouse_session"
SAFE_COOKIE = f"__Host-{SESSION_COOKIE}"
"""On a safe line browsers take this name from nobody but this very host."""

DAY_S = 86_400


@dataclass(frozen=True)
class Asker:
    """Where somebody is: `address` as text, empty when unknown; `device` as the browser says."""

    address: str
    device: str


def asker(request: HTTPConnection, hub: Hub) -> Asker:
    """Return where the request comes from."""
    return Asker(address_of(request, hub), request.headers.get("user-agent", "")[:200])


def address_of(request: HTTPConnection, hub: Hub) -> str:
    """Return the address that asks. Behind a proxy that nobody vouches for: the proxy's own."""
    peer = request.client.host if request.client else None
    found = client_address(
        peer,
        ",".join(request.headers.getlist("x-forwarded-for")) or None,
        any(name in request.headers for name in FORWARDED),
        hub.settings.trusted_proxies,
    )
    return str(found or peer or "")[:45]


def is_safe_line(request: HTTPConnection, hub: Hub) -> bool:
    """Tell whether the browser reached us by https, here or at a proxy that is trusted."""
    if request.url.scheme in ("https", "wss"):
        return True
    peer = parsed(request.client.host) if request.client else None
    if peer is None or not any(peer in network for network in hub.settings.trusted_proxies):
        return False
    return request.headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower() == "https"


def session_token(request: HTTPConnection, hub: Hub) -> str:
    """Return the session's token that the browser sent, or an empty text."""
    return request.cookies.get(SAFE_COOKIE if is_safe_line(request, hub) else SESSION_COOKIE, "")


def set_session(answer: Response, request: Request, hub: Hub, token: str) -> None:
    """Let the browser keep the session, out of reach of scripts and other sites."""
    safe = is_safe_line(request, hub)
    answer.set_cookie(
        SAFE_COOKIE if safe else SESSION_COOKIE,
        token,
        max_age=round(hub.settings.session_days * DAY_S),
        httponly=True,
        samesite="lax",
        secure=safe,
        path="/",
    )


def drop_session(answer: Response, request: Request, hub: Hub) -> None:
    """Let the browser forget the session."""
    safe = is_safe_line(request, hub)
    answer.delete_cookie(
        SAFE_COOKIE if safe else SESSION_COOKIE,
        path="/",
        secure=safe,
        httponly=True,
        samesite="lax",
    )
