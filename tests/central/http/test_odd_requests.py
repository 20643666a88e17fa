"""Odd requests over a real socket to a real hub: a clear refusal each, and the hub goes on."""

import socket
from collections.abc import Iterator

import pytest
import requests

from tests.fakes.house import House, house

HOST = b"Host: 127.0.0.1\r\n"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

RAW = {
    "endless path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST,
    "endless header": b"GET / HTTP/1.1\r\nA: " + b"b" * 200_000 + b"\r\n" + HOST,
    "no host": b"GET / HTTP/1.1\r\n",
    "broken host": b"GET / HTTP/1.1\r\nHost: [::1\r\n",
    "less than no body": b"POST /login HTTP/1.1\r\nContent-Length: -5\r\n" + HOST,
    "bytes in the path": b"GET /caf\xc3\xa9 HTTP/1.1\r\n" + HOST,
    "not http": b"\x16\x03\x01\x00\xff" + b"x" * 100,
    "no such method": b"BREW / HTTP/1.1\r\n" + HOST,
    "bytes in the token": b"GET /api/v1/events HTTP/1.1\r\nAuthorization: Bearer \xff\xfe\r\n"
    + HOST,
    "bytes in the cookie": b"GET /api/v1/events HTTP/1.1\r\nCookie: gatehouse=\xff; a=b\r\n" + HOST,
    "bytes as an id": b"GET /api/v1/events HTTP/1.1\r\nX-Request-Id: \xff\x01\r\n" + HOST,
    "both lengths": b"POST /login HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    + HOST
    + b"\r\n0\r\n",
}
PATHS = [
    "/" + "a" * 7000,
    "/api/v1/events/" + "9" * 500,
    "/api/v1/events?limit=1e400",
    "/api/v1/events?limit=-1",
    "/api/v1/events?limit=" + "9" * 5000,
    "/api/v1/logs?level=%F0%9F%98%80",
    "/api/v1/stream?after=nan",
    "/events/1.5",
    "/events/-1",
    "/events/99999999999999999999",
    "//",
    "/static/%00",
    "/static/%ff",
    "/static/..%2f..%2fcentral%2fapp.py",
    "/docs/files/..%2f..%2f__init__.py",
    "/media/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
]


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    """A running hub."""
    with house() as home:
        home.start_hub()
        yield home


@pytest.fixture(scope="module")
def admin(home: House) -> requests.Session:
    """Somebody who may do everything."""
    return home.session()


def refused(answer: requests.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text[:200]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("name", RAW)
def test_it_refuses_what_is_hardly_http(home: House, name: str) -> None:
    with socket.create_connection(("127.0.0.1", home.port), 10) as way:
        way.settimeout(10)
        way.sendall(RAW[name] + b"\r\n")
        status = way.recv(100).split()[1]
    assert status.startswith(b"4"), status


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30])
def test_it_refuses_odd_addresses(home: House, admin: requests.Session, path: str) -> None:
    request = requests.Request("GET", home.url).prepare()
    request.url = home.url + path  # as it stands: a client would tidy it up
    request.headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in admin.cookies)
    refused(admin.send(request, timeout=10))


@pytest.mark.parametrize(
    "body",
    [
        {f"f{number}": "x" for number in range(100_000)},
        [("name", "x")] * 100_000,
        b"\xff\xfe\x00",
        b"name=%00&password=%ff%ff",
        b"name=" + b"x" * 200_000,
    ],
    ids=["many fields", "one field often", "bytes", "escapes", "a long name"],
)
def test_it_refuses_odd_forms(home: House, body: object) -> None:
    refused(requests.post(home.url + "/login", data=body, headers=FORM, timeout=20))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", 'text/plain; charset="no"']
)
def test_it_refuses_odd_kinds_of_forms(home: House, kind: str) -> None:
    said = requests.post(
        home.url + "/login", data=b"--x\r\nbad", headers={"Content-Type": kind}, timeout=10
    )
    refused(said)


def test_it_refuses_files_where_text_is_asked_for(home: House) -> None:
    files = {"name": ("a.txt", b"x"), "password": ("b.txt", b"y")}
    refused(requests.post(home.url + "/login", files=files, timeout=10))
    many = {f"f{number}": b"x" for number in range(2000)}
    refused(requests.post(home.url + "/login", files=many, timeout=10))


def test_it_is_there_afterwards_and_complained_of_no_mistake_of_ours(
    home: House, admin: requests.Session
) -> None:
    assert requests.get(home.url + "/health", timeout=5).status_code == 200
    assert admin.get(home.url + "/api/v1/events", timeout=5).status_code == 200
    assert "Traceback" not in home.log("hub")
