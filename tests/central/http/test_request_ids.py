"""Every answer says which request it answers."""

import logging

import pytest
from fastapi.testclient import TestClient

from central.app import make_app
from central.context import Hub
from central.http.request_ids import CURRENT


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


def test_it_logs_the_unexpected_while_the_request_is_still_known(hub: Hub) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    class Heard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append((record.getMessage(), CURRENT.get()))

    heard: list[tuple[str, str]] = []
    handler = Heard()
    logging.getLogger("central.http.problems").addHandler(handler)
    app = make_app(hub)
    app.get("/broken")(broken)
    with TestClient(app) as client:
        answer = client.get("/broken", headers={"X-Request-Id": "boot-7:1"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "boot-7:1")
    assert "ZeroDivision" not in answer.text
    logging.getLogger("central.http.problems").removeHandler(handler)
    assert heard == [("GET /broken failed unexpectedly", "boot-7:1")]
