"""Every answer says which request it answers."""

import pytest
from fastapi.testclient import TestClient

from central.app import make_app
from central.context import Hub


def test_it_says_the_callers_own_id(hub: Hub) -> None:
    with TestClient(make_app(hub)) as client:
        answer = client.get("/health", headers={"X-Request-Id": "boot-7:1"})
    assert answer.headers["X-Request-Id"] == "boot-7:1"


@pytest.mark.parametrize("said", ["", "a b", "x" * 65, "ümlaut".encode().decode("latin-1")])
def test_it_makes_one_where_the_callers_cannot_be_used(hub: Hub, said: str) -> None:
    with TestClient(make_app(hub)) as client:
        answer = client.get("/health", headers={b"X-Request-Id": said.encode("latin-1")})
        other = client.get("/nowhere")
    made = answer.headers["X-Request-Id"]
    assert len(made) == 16
    assert made != said
    assert other.headers["X-Request-Id"] != made
