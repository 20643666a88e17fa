"""The composition root of the web process: all routes and pages, and what runs beside."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

import web
from central.accounts import limits
from central.accounts.account_routes import router as account_router
from central.accounts.agent_tokens import AgentTokens
from central.accounts.auth_routes import router as auth_router
from central.accounts.credentials import Believed
from central.accounts.guard import needs_page, public
from central.accounts.permissions import Permission
from central.accounts.user_routes import router as users_router
from central.audit.routes import router as audit_router
from central.audit.views import Views
from central.cameras.routes import router as cameras_router
from central.changes.routes import router as changes_router
from central.changes.tailer import Tailer
from central.context import Hub, ready_hub
from central.events.routes import router as events_router
from central.health.probe import Probe
from central.health.routes import router as health_router
from central.http import openapi, problems
from central.http.bodies import Bodies
from central.http.browser_safety import BrowserSafety
from central.http.methods import Methods, Paths
from central.http.problems import Unexpected
from central.http.request_ids import RequestIds
from central.logs.routes import router as logs_router
from central.logs.zones import Zones
from central.version import VERSION
from central.wire.routes import router as wire_router
from web import pages, render
from web.pages.gallery import gallery_page

THREADS = 16
"""Database endpoints run in these; the pool of 20 connections is never the bottleneck."""


FRONT_DOOR = Depends(public("programs learn where things are; browsers get a page that asks who"))


def make_app(hub: Hub) -> FastAPI:
    """Return the web application of this hub."""
    app = FastAPI(
        title="Gatehouse",
        version=VERSION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lose the body of what is posted
    )
    app.state.hub = hub
    app.state.probe = Probe(hub.database, "hub", hub.clock)
    app.state.tailer = Tailer(hub.database)
    app.state.agent_tokens = AgentTokens()
    app.state.zones = Zones(hub)
    app.state.believed = Believed()
    app.state.views = Views()
    problems.install(app, render.error_page)
    limits.install(app)
    # The last one added is the outermost.
    app.add_middleware(Methods, paths=lambda: Paths(app))
    app.add_middleware(Bodies)
    app.add_middleware(BrowserSafety)
    if hub.settings.cors_origins:
        app.add_middleware(CORSMiddleware, **cors(hub.settings.cors_origins))
    app.add_middleware(Unexpected)
    app.add_middleware(RequestIds)
    app.get("/", response_model=None, tags=["health"], dependencies=[FRONT_DOOR])(root)
    for router in (
        health_router,
        cameras_router,
        wire_router,
        events_router,
        logs_router,
        changes_router,
        auth_router,
        account_router,
        users_router,
        audit_router,
        *pages.routers,
    ):
        app.include_router(router)
    openapi.install(app)
    app.mount("/docs/files", pages.docs.files(), name="docs")
    static = Path(web.__file__).parent / "static"
    app.mount("/static", StaticFiles(directory=static), name="static")
    return app


def cors(origins: list[str]) -> dict[str, Any]:
    """Return what pages of these origins may do. Never with cookies: a token says who asks."""
    return {
        "allow_origins": origins,
        "allow_methods": ["GET", "POST", "PATCH", "PUT", "DELETE"],
        "allow_headers": ["Authorization", "Content-Type", "X-Request-Id"],
        "expose_headers": ["X-Request-Id", "Retry-After"],
    }


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    probe: Probe = app.state.probe
    tailer: Tailer = app.state.tailer
    await run_in_threadpool(probe.start)
    tailing = asyncio.create_task(tailer.run())
    try:
        yield
    finally:
        tailing.cancel()
        await asyncio.gather(tailing, return_exceptions=True)
        probe.stop()
        hub: Hub = app.state.hub
        hub.database.close()


async def root(
    request: Request, camera: str | None = None, day: str | None = None, before: str | None = None
) -> Response:
    """Give browsers the gallery (after login) and programs a few facts."""
    if problems.wants_page(request):
        hub = ready_hub(request)  # here: there may be no thread left to find out in
        return await run_in_threadpool(_front_page, request, hub, camera, day, before)
    return JSONResponse(
        {
            "message": "Gatehouse hub",
            "version": VERSION,
            "docs": "/docs",
            "redoc": "/redoc",
            "health": "/health",
        }
    )


def _front_page(
    request: Request, hub: Hub, camera: str | None, day: str | None, before: str | None
) -> Response:
    caller = needs_page(Permission.EVENTS_READ)(request, hub)
    return gallery_page(request, hub, caller, camera, day, before)
