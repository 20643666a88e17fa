"""HEAD and OPTIONS for every route, in one place: GET's headers alone, and `Allow`."""

import re
from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.http.problems import problem


class Paths:
    """Which methods each path of an app knows. Made once, when all routes are there."""

    def __init__(self, app: FastAPI) -> None:
        self._known: list[tuple[re.Pattern[str], frozenset[str]]] = []
        for route in iter_route_contexts(app.routes):
            path, methods = route.path or "", getattr(route, "methods", None)
            if methods is None:  # files that are served as they lie
                self._known.append((re.compile(re.escape(path) + "/.*"), frozenset({"GET"})))
            else:
                self._known.append((compile_path(path)[0], frozenset(methods)))

    def methods(self, path: str) -> set[str]:
        """Return the methods of a path; empty when there is nothing."""
        found: set[str] = set()
        for pattern, methods in self._known:
            if pattern.match(path):
                found |= methods
        return found


class _Enough(Exception):
    """The headers are out; nobody wants the body."""


class Methods:
    """Pure ASGI middleware. `paths` is asked when the first request comes: then all are there."""

    def __init__(self, app: ASGIApp, paths: Callable[[], Paths]) -> None:
        self._app = app
        self._paths = cache(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD by GET's headers, OPTIONS by what there is, the rest by the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._options(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def headers_alone(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                await send(message)
            elif message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _Enough  # a stream would go on for ever, a video be read for nothing

        try:
            await self._app({**scope, "method": "GET"}, receive, headers_alone)
        except _Enough:
            return
        except BaseExceptionGroup as group:
            if not begun or group.split(_Enough)[1] is not None:
                raise

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = self._paths().methods(scope["path"])
        if not allowed:
            await problem(404, "there is nothing at this path")(scope, receive, send)
            return
        if "GET" in allowed:
            allowed |= {"HEAD"}
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        MutableHeaders(scope=start)["Allow"] = ", ".join(sorted(allowed | {"OPTIONS"}))
        await send(start)
        await send({"type": "http.response.body", "body": b""})
