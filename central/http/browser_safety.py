"""What keeps a browser safe: headers on every answer, and no foreign page may act for a user."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.accounts.access import SESSION_COOKIE
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
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DOCS = ("/docs", "/redoc")


class BrowserSafety:
    """Pure ASGI middleware: a class of Starlette's would buffer streams and lose disconnects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse cross-site writes made with a cookie; add headers to everything else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_foreign_write(scope["method"], scope["path"], Headers(scope=scope)):
            refusal = problem(
                403, "Not allowed", "another site's page may not do this in your name"
            )
            await refusal(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def is_foreign_write(method: str, path: str, headers: Headers) -> bool:
    """Tell whether a page of another origin is trying to act with the user's cookie. Pure."""
    if method in SAFE_METHODS:
        return False
    if SESSION_COOKIE not in headers.get("cookie", "") and path != "/login":
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False  # no browser: all that matter send one of the two with a POST
    return urlsplit(origin).netloc != headers.get("host")
