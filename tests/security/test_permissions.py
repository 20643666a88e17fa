"""Every live route says which right it needs, and who lacks it is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from central.accounts import agent_tokens, api_tokens
from central.accounts.agent_tokens import NewToken
from central.accounts.guard import Needs, Public
from central.accounts.permissions import AGENT, ROLES, WORKER, Permission, Role
from central.audit.log import COMMAND
from tests.fakes.door import Door

WITHOUT_ROUTE = {"/openapi.json", "/docs/files", "/static"}
"""The description of the API, and files that are the same in every house."""


def routes(door: Door) -> list[RouteContext]:
    """All live routes that are ours, WebSockets too: those that FastAPI solves dependencies for."""
    return [route for route in iter_route_contexts(door.app.routes) if hasattr(route, "dependant")]


def declared(dependant: Dependant) -> Iterator[Needs | Public]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs | Public):
            yield inner.call
        yield from declared(inner)


def test_it_has_a_permission_or_a_reason_on_every_route(door: Door) -> None:
    for route in routes(door):
        found = list(declared(route.dependant))
        assert len(found) == 1, f"{route.path} declares {found}"
        assert not isinstance(found[0], Public) or len(found[0].reason) > 10
    every = {route.path for route in iter_route_contexts(door.app.routes)}
    assert every - {route.path for route in routes(door)} <= WITHOUT_ROUTE
    assert len(every) > 40


def test_it_lets_in_by_exactly_the_table(door: Door) -> None:
    """Role × route × method: refused without the right, and never for want of it with it."""
    visitors = {role: door.person(f"one-{role}", role) for role in Role}
    made = NewToken.random()
    hub = door.hub
    hub.database.write(lambda session: agent_tokens.store(session, hub, "front", made, COMMAND))
    _, worker = api_tokens.make(hub, COMMAND, "worker", "pi5")
    machines = {"agent": (made.token, AGENT), "worker": (worker, WORKER)}
    seen = 0
    for route in routes(door):
        for guard in declared(route.dependant):
            if isinstance(guard, Public) or str(route.path).endswith(("/stream", "/logout")):
                continue
            path = str(route.path).replace("{user_id}", "987654").replace("{token_id}", "987654")
            path = path.replace("{session_id}", "987654").replace("{camera_id}", "nowhere")
            for method in sorted(route.methods or ()):
                for role, visitor in visitors.items():
                    answer = visitor.request(method, path, headers={"X-CSRF-Token": visitor.csrf})
                    hold(answer, guard.permission in ROLES[role], role, method, path, form(route))
                    seen += 1
                for name, (token, rights) in machines.items():
                    headers = {"Authorization": f"Bearer {token}"}
                    answer = visitors[Role.ADMIN].request(method, path, headers=headers)
                    hold(answer, guard.permission in rights, name, method, path, form(route))
                    seen += 1
                stranger = door.stranger().request(method, path)
                assert stranger.status_code == 401, (method, path, stranger.status_code)
    assert seen > 200


def form(route: RouteContext) -> bool:
    return "/api/" not in str(route.path) and "POST" in (route.methods or ())


def hold(answer: Any, may: bool, who: str, method: str, path: str, is_form: bool) -> None:
    if is_form:
        # No form token was sent: everybody is refused, and who has the right for that reason.
        assert answer.status_code == 403, (who, method, path)
        assert ("out of date" in answer.text or "logged in with" in answer.text) == may
        return
    assert (answer.status_code == 403) is not may, (who, method, path, answer.status_code)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_it_gives_nothing_away_by_other_methods(door: Door, method: str) -> None:
    for route in routes(door):
        if any(isinstance(one, Needs) for one in declared(route.dependant)):
            path = str(route.path).replace("{user_id}", "1").replace("{token_id}", "1")
            answer = door.stranger().request(method, path.replace("{session_id}", "1"))
            assert answer.status_code in ((204,) if method == "OPTIONS" else (401, 405)), path
            assert answer.content == b""


def test_it_gives_no_role_what_only_machines_may_do() -> None:
    machines_only = {
        Permission.CAMERAS_REGISTER,
        Permission.EVENTS_REGISTER,
        Permission.LOGS_WRITE,
        Permission.STAGES_WORK,
    }
    for rights in ROLES.values():
        assert not rights & machines_only
    assert ROLES[Role.VIEWER] < ROLES[Role.OPERATOR] < ROLES[Role.ADMIN]
