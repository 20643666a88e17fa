"""What a route may ask for: a right, freed for open networks or not, and a limit by address."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from central.accounts import agent_tokens
from central.accounts.agent_tokens import NewToken
from central.accounts.asker import SAFE_COOKIE, SESSION_COOKIE, asker
from central.accounts.caller import Caller
from central.accounts.guard import Limited, needs
from central.accounts.limits import Rule
from central.accounts.permissions import Permission
from central.audit.log import COMMAND
from central.context import Hub, TheHub
from tests.fakes.door import Door
from tests.fakes.door import door as opened

LOOPBACK = ("127.0.0.1", 50000)
PROXY = ("10.0.0.2", 50000)
AGENT_WORK = Permission.EVENTS_REGISTER


def with_routes(app: FastAPI) -> FastAPI:
    """Add routes as capabilities will declare them."""

    @app.post("/api/v1/wire")
    def wire(caller: Annotated[Caller, Depends(needs(AGENT_WORK, wire=True))]) -> dict[str, Any]:
        seen = None if caller.cameras is None else sorted(caller.cameras)
        return {"kind": caller.kind, "cameras": seen}

    @app.post("/api/v1/closed")
    def closed(caller: Annotated[Caller, Depends(needs(AGENT_WORK))]) -> str:
        return caller.kind

    @app.get("/api/v1/where", dependencies=[Depends(Limited(Rule("where", 3, 1), "looks"))])
    def where(request: Request, hub: TheHub) -> str:
        return asker(request, hub).address

    return app


@pytest.fixture
def house(hub: Hub) -> Iterator[Door]:
    with opened(hub, agent_access="open", trusted_proxies=[ip_network("10.0.0.2/32")]) as found:
        yield Door(found.hub, with_routes(found.app))


def caller(house: Door, place: tuple[str, int]) -> TestClient:
    return TestClient(house.app, client=place, follow_redirects=False)


def token_of(house: Door) -> str:
    made = NewToken.random()
    hub = house.hub
    hub.database.write(lambda session: agent_tokens.store(session, hub, "front", made, COMMAND))
    return made.token


def test_it_frees_what_the_wire_names_for_open_networks_alone(house: Door) -> None:
    near = caller(house, LOOPBACK)
    assert near.post("/api/v1/wire").json() == {"kind": "open", "cameras": None}
    assert near.post("/api/v1/closed").status_code == 401
    assert caller(house, ("192.0.2.1", 1)).post("/api/v1/wire").status_code == 401
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"):
        assert near.post("/api/v1/wire", headers={name: "127.0.0.1"}).status_code == 401


def test_it_holds_an_agent_to_its_token_also_in_an_open_network(house: Door) -> None:
    near = caller(house, LOOPBACK)
    headers = {"Authorization": f"Bearer {token_of(house)}"}
    answer = near.post("/api/v1/wire", headers=headers)
    assert answer.json() == {"kind": "agent", "cameras": ["front"]}
    assert near.post("/api/v1/closed", headers=headers).json() == "agent"
    wrong = {"Authorization": "Bearer gh_agt_wrong"}
    assert near.post("/api/v1/wire", headers=wrong).status_code == 401


def test_it_lets_no_person_speak_for_a_camera(house: Door) -> None:
    admin = house.entered("admin")
    assert admin.call("POST", "/api/v1/wire").status_code == 403
    assert admin.call("POST", "/api/v1/closed").status_code == 403


def test_it_believes_a_trusted_proxy_about_address_and_line(house: Door) -> None:
    behind = TestClient(house.app, client=PROXY, follow_redirects=False)
    told = {"name": "admin", "password": "correct horse battery"}
    headers = {"X-Forwarded-For": "6.6.6.6, 192.0.2.9", "X-Forwarded-Proto": "https"}
    answer = behind.post("/login", data=told, headers=headers)
    assert answer.headers["set-cookie"].startswith(f"{SAFE_COOKIE}=")
    assert house.told("login.ok")[0].address == "192.0.2.9"
    plain = behind.post("/login", data=told, headers={"X-Forwarded-Proto": "http"})
    assert plain.headers["set-cookie"].startswith(f"{SESSION_COOKIE}=")


def test_it_counts_calls_by_address(house: Door) -> None:
    one, other = caller(house, ("192.0.2.1", 1)), caller(house, ("192.0.2.2", 1))
    codes = [one.get("/api/v1/where").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert other.get("/api/v1/where").json() == "192.0.2.2"
