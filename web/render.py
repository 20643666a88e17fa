"""Jinja2, set so that nothing stored can become markup and no name can be misspelt."""

from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.accounts.users import Person
from web import wording

FOLDER = Path(__file__).parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a rendered template. Pages hold footage: no cache may keep them."""
    text = _environment.get_template(template).render(**values)
    return HTMLResponse(text, status, headers={"Cache-Control": "private, no-store"})


def sorry(person: Person | None, status: int, sentence: str) -> Response:
    """Return a page for a person whose page cannot be shown; `person` where we know who it is."""
    return page("sorry.html", status, person=person, sentence=sentence)


def error_page(status: int, detail: str) -> Response:
    """Return a page for an error that no page of ours answered itself."""
    sentence = wording.ERRORS.get(status) or wording.sentence(detail)
    return sorry(None, status, sentence)
