"""The hub answers to its own names alone, and vouches for its pages with headers."""

import pytest

from central.context import Hub
from central.http.browser_safety import is_ours, machine_names
from tests.fakes.door import PAGE, Door, door


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "testserver.evil.example",
        "testserver@evil.example",
        "localhost.evil.example",
        "evil.example/testserver",
        "6.6.6.6",
        "[::ffff:6.6.6.6]",
        "testserver, evil.example",
        "[",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/login", "/api/v1/account", "/health", "/static/mark.svg"])
def test_it_refuses_a_forged_host(door: Door, host: str, path: str) -> None:
    answer = door.stranger().get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "GATEHOUSE_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "TestServer", "testserver."],
)
def test_it_answers_to_its_own_names(door: Door, host: str) -> None:
    assert door.stranger().get("/login", headers={"Host": host}).status_code == 200


def test_it_answers_to_the_machine_and_to_the_address_that_was_called() -> None:
    for name in machine_names():
        assert is_ours(f"{name}:8000", None, [])
    assert is_ours("192.168.1.9:8000", ("192.168.1.9", 8000), [])
    assert is_ours("192.168.1.9:8000", ("::ffff:192.168.1.9", 8000), [])
    assert is_ours("[fd00::9]:8000", ("fd00:0:0::9", 8000), [])
    assert not is_ours("192.168.1.8:8000", ("192.168.1.9", 8000), [])


def test_it_answers_to_what_the_owner_says(hub: Hub) -> None:
    with door(hub, allowed_hosts=["cam.example"]) as opened:
        visitor = opened.stranger()
        for host in ("cam.example", "CAM.example:8443"):
            assert visitor.get("/login", headers={"Host": host}).status_code == 200
        assert visitor.get("/login", headers={"Host": "x.cam.example"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/login", "/account", "/account/tokens", "/users", "/audit", "/api/v1/account"]
)
def test_it_lets_no_cache_keep_a_page_and_no_page_reach_for_the_camera(
    door: Door, path: str
) -> None:
    answer = door.entered("admin").get(path, headers=PAGE)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    assert "public" not in answer.headers["cache-control"]
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    for attack in (" style=", "<style", " onclick=", "<script>"):
        assert attack not in answer.text


def test_it_believes_a_safe_line_only_of_a_proxy_that_is_trusted(door: Door) -> None:
    visitor = door.stranger()
    told = {"name": "admin", "password": "correct horse battery"}
    answer = visitor.post("/login", data=told, headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["set-cookie"].startswith("gatehouse_session=")
