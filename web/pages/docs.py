"""The description of the API for people, by Swagger UI: from our own files, no foreign host."""

from importlib.resources import files as package_files

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from central.accounts.guard import public
from web import render

router = APIRouter(include_in_schema=False)

OPEN = Depends(public("what calls there are is no secret; each of them asks who is calling"))
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Swagger UI sets styles on its elements; scripts stay ours alone."""


def files() -> StaticFiles:
    """Return Swagger UI's own files, as `fastapi-offline` brings them."""
    return StaticFiles(directory=str(package_files("fastapi_offline").joinpath("static")))


@router.get("/docs", dependencies=[OPEN])
def docs_page() -> Response:
    """Return the page."""
    answer = render.page("docs.html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@router.get("/redoc", dependencies=[OPEN])
def redoc_page() -> Response:
    """Lead on to the one description there is."""
    return RedirectResponse("/docs", 307)
