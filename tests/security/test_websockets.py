"""A WebSocket declares its right like any route, and opens for nobody without it."""

from typing import Annotated

import pytest
from fastapi import Depends, WebSocket
from starlette.websockets import WebSocketDisconnect

from central.accounts.caller import Caller
from central.accounts.guard import needs
from central.accounts.permissions import Permission
from tests.fakes.door import Door, Visitor

ADDRESS = "/api/v1/test-socket"
Reader = Annotated[Caller, Depends(needs(Permission.AUDIT_READ))]


@pytest.fixture
def door(door: Door) -> Door:
    async def talk(socket: WebSocket, caller: Reader) -> None:
        await socket.accept()
        await socket.send_text(caller.name)
        await socket.close()

    door.app.add_api_websocket_route(ADDRESS, talk)
    return door


def hears(visitor: Visitor, **headers: str) -> str:
    with visitor.websocket_connect(ADDRESS, headers=headers) as socket:
        return str(socket.receive_text())


def test_it_opens_for_who_has_the_right(door: Door) -> None:
    assert hears(door.entered("admin")) == "admin"


def test_it_opens_for_nobody_else(door: Door) -> None:
    for visitor in (door.stranger(), door.person("anna", "operator")):
        with pytest.raises(WebSocketDisconnect) as caught:
            hears(visitor)
        assert caught.value.code == 1008


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
def test_it_opens_for_no_page_of_another_site(door: Door, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect):
        hears(door.entered("admin"), **headers)
    assert hears(door.entered("admin"), Origin="http://testserver") == "admin"
