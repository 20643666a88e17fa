"""The hub's edge over every route: methods, bodies, errors, and the description of it all."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central.app import make_app
from central.context import Hub
from central.http.kinds import KINDS, page

EVENTS = "/api/v1/events"


@pytest.fixture
def client(hub: Hub) -> Any:
    with TestClient(make_app(hub), follow_redirects=False) as opened:
        yield opened


def test_it_answers_head_as_get_without_a_body(client: TestClient) -> None:
    for path in ("/", "/health", "/openapi.json", "/docs", "/login", "/static/mark.svg", EVENTS):
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code, path
        assert head.content == b"", path
        assert head.headers.get("content-type") == got.headers.get("content-type"), path
        assert head.headers.get("content-length") == got.headers.get("content-length"), path


def test_it_tells_what_a_path_takes(client: TestClient) -> None:
    for path, methods in (
        (EVENTS, "GET, HEAD, OPTIONS, POST"),
        (f"{EVENTS}/7/files", "OPTIONS, PATCH"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/static/mark.svg", "GET, HEAD, OPTIONS"),
    ):
        answer = client.options(path)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")
    assert client.options("/nowhere").status_code == 404
    assert client.request("BREW", EVENTS).status_code == 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"camera_id": "a", "camera_id": "b"}', 400),
        (b'{"motion_score": NaN}', 400),
        (b"[" * 100_000, 400),
        (b"x" * (1024 * 1024 + 1), 413),
    ],
)
def test_it_refuses_bad_bodies_before_it_asks_who_sends_them(
    client: TestClient, body: bytes, status: int
) -> None:
    answer = client.post(EVENTS, content=body, headers={"Content-Type": "application/json"})
    said = answer.json()
    assert answer.status_code == said["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["type"] == KINDS[status].type
    assert said["request_id"] == answer.headers["x-request-id"]
    assert said["detail"]


def test_it_does_not_lose_a_body_to_a_redirect(client: TestClient) -> None:
    assert client.post(f"{EVENTS}/", json={}).status_code == 404


def test_it_shows_people_a_page_and_programs_a_problem(client: TestClient) -> None:
    shown = client.get("/nowhere", headers={"Accept": "text/html"})
    assert (shown.status_code, "There is no such page." in shown.text) == (404, True)
    told = client.get("/nowhere", headers={"Accept": "application/json"})
    assert told.json()["type"] == KINDS[404].type


def test_it_can_speak_of_what_no_encoding_takes(client: TestClient) -> None:
    answer = client.get(f"{EVENTS}?date=%ED%A0%80&limit=%00")
    assert answer.status_code in (401, 422)
    assert answer.json()["detail"]


def test_it_lets_named_origins_ask_without_cookies(hub: Hub) -> None:
    told = hub.settings.model_copy(update={"cors_origins": ["https://wall.example"]})
    asked = {
        "Origin": "https://wall.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "Authorization",
    }
    with TestClient(make_app(Hub(told, hub.database, hub.clock))) as client:
        named = client.options(EVENTS, headers=asked)
        other = client.options(EVENTS, headers=asked | {"Origin": "https://evil.example"})
    assert named.headers["access-control-allow-origin"] == "https://wall.example"
    assert "access-control-allow-credentials" not in named.headers
    assert "access-control-allow-origin" not in other.headers


def operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(path, method, said) for path, found in paths.items() for method, said in found.items()]


def test_it_has_an_example_for_every_body(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    def has_example(schema: dict[str, Any]) -> bool:
        if "$ref" in schema:
            return has_example(document["components"]["schemas"][schema["$ref"].split("/")[-1]])
        options = schema.get("oneOf") or schema.get("anyOf")
        if options:
            return all(has_example(option) for option in options)
        return bool(schema.get("examples") or "example" in schema)

    for path, method, said in operations(client):
        for kind in said.get("requestBody", {}).get("content", {}).values():
            is_there = "example" in kind or kind.get("examples") or has_example(kind["schema"])
            assert is_there, f"{method} {path} has no example of its body"


def test_it_says_of_every_call_how_it_may_fail(client: TestClient) -> None:
    for path, method, said in operations(client):
        assert {"400", "422", "429", "503"} <= set(said["responses"]), (method, path)
        for status, answer in said["responses"].items():
            if status >= "4":
                assert list(answer["content"]) == ["application/problem+json"], (method, path)
        if "security" in said:
            assert {"401", "403"} <= set(said["responses"]), (method, path)


def test_it_keeps_the_reference_of_errors_true() -> None:
    assert (Path(__file__).parents[3] / "docs/ref/errors.md").read_text() == page()
    assert json.dumps([kind.name for kind in KINDS.values()])
