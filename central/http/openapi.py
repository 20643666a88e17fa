"""The description of the API: what FastAPI knows, and what it cannot know of errors and rights."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from central.accounts.guard import Needs
from central.http.kinds import KINDS

SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "gatehouse_session"},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of an agent, a worker or a program, or an access token.",
    },
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people"},
        "request_id": {"type": "string", "description": "Also in the hub's log"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg"],
                "properties": {
                    "loc": {"type": "array", "items": {}},
                    "msg": {"type": "string"},
                },
            },
        },
    },
}
ALWAYS = (400, 422, 429, 503)
GUARDED = (401, 403, 404)
"""404 too: what a caller may not know of is not there for them."""

CHANGING = (401, 404, 408, 409, 413)
"""401 also where nobody need have logged in: a login is refused by it."""


def install(app: FastAPI) -> None:
    """Let the app describe itself by `description`."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = description(app)
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]


def description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of all routes, every status that they give included."""
    found = get_openapi(
        title=app.title,
        version=app.version,
        routes=app.routes,
        description="The hub of a home's cameras. Times without offset are local to their camera.",
    )
    parts = found.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    parts["securitySchemes"] = SECURITY
    guarded = {
        (route.path, method)
        for route in iter_route_contexts(app.routes)
        if is_guarded(route)
        for method in route.methods or ()
    }
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            needs = (path, method.upper()) in guarded
            _say_errors(operation, method, needs)
            for body in operation.get("requestBody", {}).get("content", {}).values():
                if "oneOf" in body["schema"] and "discriminator" not in body["schema"]:
                    # A body that fits both is read as the first: that is no mistake of the sender.
                    body["schema"]["anyOf"] = body["schema"].pop("oneOf")
            if needs:
                operation["security"] = [{"session": []}, {"token": []}]
    return found


def is_guarded(route: RouteContext) -> bool:
    """Tell whether a route asks who is calling."""
    waiting = list(getattr(getattr(route, "dependant", None), "dependencies", []))
    while waiting:
        inner = waiting.pop()
        if isinstance(inner.call, Needs):
            return True
        waiting.extend(inner.dependencies)
    return False


def _say_errors(operation: dict[str, Any], method: str, needs: bool) -> None:
    statuses = set(ALWAYS)
    if needs:
        statuses.update(GUARDED)
    if method != "get":
        statuses.update(CHANGING)
    responses = operation["responses"]
    for status in sorted(statuses | {int(code) for code in responses if code >= "4"}):
        responses[str(status)] = {
            "description": KINDS[status].title,
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
