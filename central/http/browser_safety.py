"""What keeps a browser safe: headers on every answer, no foreign page may act for a user, and the
hub answers only to its own names."""

import socket
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.accounts.address import parsed
from central.accounts.asker import SESSION_COOKIE
from central.context import Hub
from central.http.problems import problem

POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class BrowserSafety:
    """Pure ASGI middleware: a class of Starlette's would buffer streams and lose disconnects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse forged hosts and cross-site writes; add headers to everything else."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hub: Hub = scope["app"].state.hub
        refusal = None
        if not is_ours(headers.get("host", ""), scope.get("server"), hub.settings.allowed_hosts):
            refusal = problem(
                400,
                "the hub is not known by this name; add it to GATEHOUSE_ALLOWED_HOSTS",
            )
        elif is_foreign(scope, headers):
            refusal = problem(403, "another site's page may not do this in your name")
        if refusal is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found.setdefault(name, value)
                found.setdefault("Cache-Control", "no-store")
            await send(message)

        await (refusal or self._app)(scope, receive, with_headers)


def is_ours(host: str, server: tuple[str, int | None] | None, allowed: list[str]) -> bool:
    """Tell whether a `Host` header names this hub: loopback, the machine, or what the owner says.

    `server` is the address at which the connection arrived: who calls it by number is right.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name or any(letter in host for letter in "/\\@?#, \t"):
        return False
    return (
        name in LOOPBACK
        or name in allowed
        or name in machine_names()
        or (server is not None and _same_place(name, server[0]))
    )


def _same_place(name: str, server: str) -> bool:
    """Compare addresses as addresses: who listens on IPv6 sees IPv4 in its clothes."""
    called, arrived = parsed(name), parsed(server)
    return called == arrived if called and arrived else name == server


@cache
def machine_names() -> frozenset[str]:
    """Return what this machine calls itself, and what others call it by mDNS."""
    name = socket.gethostname().lower()
    short = name.split(".")[0]
    return frozenset({name, short, f"{short}.local"})


def is_foreign(scope: Scope, headers: Headers) -> bool:
    """Tell whether a page of another origin is trying to act with the user's cookie. Pure.

    Forms of pages need no cookie to be attacked: a foreign page could log its visitor in as
    somebody else. A WebSocket is a write, whatever its method.
    """
    path = scope["path"]
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return False
    is_api = path.startswith("/api/")
    if is_api and SESSION_COOKIE not in headers.get("cookie", ""):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False  # no browser: all that matter send one of the two with a POST
    return urlsplit(origin).netloc != headers.get("host")
