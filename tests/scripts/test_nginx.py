"""The nginx site, run by a real nginx before a real hub: TLS, streams, and clients that dawdle."""

import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import die_with_parent, free_port

SITE = Path(__file__).parents[2] / "scripts" / "nginx"


@dataclass
class Front:
    """Where nginx answers."""

    http: int
    https: int
    home: House
    certificate: Path


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    with house() as home:
        home.start_hub()
        made = Front(free_port(), free_port(), home, folder / "gatehouse.pem")
        _certificate(folder)
        (folder / "nginx.conf").write_text(_configuration(folder, made))
        process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
            stderr=(folder / "said").open("wb"),
            preexec_fn=die_with_parent,
        )
        try:
            wait_for(lambda: _listens(made.https), 20, lambda: (folder / "said").read_text())
            yield made
        finally:
            process.terminate()
            process.wait(10)


def _certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(folder / "gatehouse.key"), "-out", str(folder / "gatehouse.pem")),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )


def _configuration(folder: Path, made: Front) -> str:
    """The site as it is shipped, but for ports and places."""
    site = (SITE / "gatehouse.conf").read_text()
    for pattern, instead in (
        (r"listen \[::\].*\n", "\n"),
        (r"listen 80 ", f"listen 127.0.0.1:{made.http} "),
        (r"listen 443 ", f"listen 127.0.0.1:{made.https} "),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{made.home.port}"),
        (r"/etc/ssl/(certs|private)/", f"{folder}/"),
        (r"/etc/nginx/snippets/", f"{SITE}/"),
        (r"client_header_timeout 10s", "client_header_timeout 2s"),
    ):
        site, count = re.subn(pattern, instead, site)
        assert count, pattern
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {folder}/body;\n"
        f"proxy_temp_path {folder}/proxy;\nfastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u;\nscgi_temp_path {folder}/s;\n{site}\n}}\n"
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(front: Front, path: str, **more: object) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        http.verify = str(front.certificate)
        return http.get(f"https://localhost:{front.https}{path}", timeout=10, **more)  # type: ignore[arg-type]


def test_it_serves_the_hub_over_tls(front: Front) -> None:
    assert get(front, "/health").json()["status"] == "healthy"


def test_it_sends_people_from_http_to_https_and_lets_agents_speak(front: Front) -> None:
    base = f"http://127.0.0.1:{front.http}"
    page = requests.get(f"{base}/login", timeout=10, allow_redirects=False)
    assert page.status_code == 301
    assert page.headers["Location"].startswith("https://")
    assert requests.get(f"{base}/health", timeout=10).status_code == 200
    assert requests.get(f"{base}/api/v1/events", timeout=10).status_code == 401


def test_it_lets_a_person_log_in_and_see_the_gallery(front: Front) -> None:
    with requests.Session() as http:
        http.trust_env, http.verify = False, str(front.certificate)
        base = f"https://localhost:{front.https}"
        answer = http.post(
            f"{base}/login", data={"name": "admin", "password": front.home.password}, timeout=10
        )
        assert answer.status_code == 200
        assert "Gatehouse" in http.get(base, headers={"Accept": "text/html"}, timeout=10).text


def test_it_passes_a_stream_on_as_it_comes(front: Front) -> None:
    with requests.Session() as http:
        http.trust_env, http.verify = False, str(front.certificate)
        base = f"https://localhost:{front.https}"
        told = {"name": "admin", "password": front.home.password}
        http.post(f"{base}/login", data=told, timeout=10)
        with http.get(f"{base}/api/v1/stream", stream=True, timeout=10) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            begun = time.monotonic()
            front.home.camera("front", "synthetic:1")
            front.home.start_agent("front")
            next(stream.iter_lines())
            assert time.monotonic() - begun < 60
        front.home.stop("front")


def test_it_lets_no_half_sent_header_wait_for_ever(front: Front) -> None:
    context = ssl.create_default_context(cafile=str(front.certificate))
    with (
        socket.create_connection(("127.0.0.1", front.https), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        begun = time.monotonic()
        assert line.recv(100) == b""
        assert time.monotonic() - begun < 8
