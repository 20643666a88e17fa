"""A hub whose agent access is open, an old agent's way to it, and a stranger's."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from central.app import make_app
from central.context import Hub


@pytest.fixture
def hub(hub: Hub) -> Hub:
    told = hub.settings.model_copy(update={"agent_access": "open"})
    return Hub(told, hub.database, hub.clock)


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(make_app(hub), client=("127.0.0.1", 5)) as opened:
        yield opened


@pytest.fixture
def known(client: TestClient) -> TestClient:
    """The same, when the camera is registered."""
    said = {
        "camera_id": "old_1",
        "name": "Garden",
        "location": "Back",
        "ip_address": "192.168.1.40",
    }
    assert client.post("/api/v1/cameras/register", json=said).status_code == 200
    return client
