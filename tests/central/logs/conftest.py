"""A hub that is asked over HTTP semantics, by an agent of `front` and by a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from central.accounts import agent_tokens
from central.accounts.users import ensure_admin
from central.app import make_app
from central.context import Hub

PASSWORD = "correct horse"


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    told = hub.settings.model_copy(update={"admin_password": PASSWORD})
    hub = Hub(told, hub.database, hub.clock)
    ensure_admin(hub)
    with TestClient(make_app(hub), follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def bearer(hub: Hub, tmp_path: Path) -> dict[str, str]:
    """What the agent of `front` sends to say who it is."""
    agent_tokens.issue(hub, "front", tmp_path / "token")
    return {"Authorization": f"Bearer {(tmp_path / 'token').read_text().strip()}"}


@pytest.fixture
def admin(hub: Hub, client: TestClient) -> TestClient:
    """A person who is logged in."""
    client.post("/login", data={"name": "admin", "password": PASSWORD})
    return client
