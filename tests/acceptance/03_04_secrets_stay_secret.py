"""Makes every kind of secret in a running house, then looks for them where they must not be."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import requests

from central.accounts.asker import SESSION_COOKIE
from central.accounts.tokens import form_token
from tests.acceptance.common import check, run
from tests.fakes.house import House, house

PASSWORD = "a password of anna's"


def main() -> None:
    """Make secrets, use them, and search."""
    with house() as home:
        home.start_hub()
        home.start_jobs()
        http = home.session()
        http.headers["X-CSRF-Token"] = form_token(http.cookies[SESSION_COOKIE])
        secrets = made(home, http)
        print(f"made {len(secrets)} secrets: {', '.join(secrets)}")
        for place, text in places(home, http).items():
            found = [name for name, secret in secrets.items() if secret in text]
            check(not found, f"{place} tells {', '.join(found)}")
            print(f"{place}: none of them in {len(text):,} characters")
        modes = {path.name: path.stat().st_mode & 0o777 for path in private(home)}
        check(all(mode == 0o600 for mode in modes.values()), f"others may read: {modes}")
        print(f"readable by their owner alone: {', '.join(sorted(modes))}")


def made(home: House, http: requests.Session) -> dict[str, str]:
    """Return secrets of every kind, each of them used once."""
    address = f"{home.url}/api/v1"

    def post(path: str, body: dict[str, object]) -> dict[str, str]:
        answer = http.post(f"{address}{path}", json=body, timeout=20)
        check(answer.status_code in (200, 201), f"{path} answered {answer.status_code}")
        found: dict[str, str] = answer.json()
        return found

    post("/users", {"name": "anna", "role": "viewer", "password": PASSWORD})
    pair = post("/auth/token", {"name": "anna", "password": PASSWORD})
    code = post("/enrolments", {"camera_id": "front", "name": "Front"})["code"]
    agent = post("/enrol", {"code": code})
    mine = post("/account/tokens", {"name": "x", "scopes": ["audit:read"]})["token"]
    worker = post("/worker-tokens", {"name": "pi5"})["token"]
    config = home.camera("garden", "synthetic:")
    issued = (config.parent / "token").read_text().strip()
    reset = home.command("user", "reset", "anna").split(": ")[1].strip()
    for token in (pair["access_token"], agent["token"], mine, worker, issued, "gh_pat_wrong"):
        requests.get(f"{address}/audit", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    for body in ({"name": "anna", "password": PASSWORD}, {"name": PASSWORD, "password": "x"}):
        requests.post(f"{address}/auth/token", json=body, timeout=20)
    return {
        "password": PASSWORD,
        "admin's password": home.password,
        "reset password": reset,
        "session": http.cookies[SESSION_COOKIE],
        "access token": pair["access_token"],
        "refresh token": pair["refresh_token"],
        "enrolment code": code,
        "agent's token": agent["token"],
        "hub key": agent["hub_key"],
        "personal token": mine,
        "worker's token": worker,
        "token from the command": issued,
        "master key": (home.home / "master.key").read_text().strip(),
    }


def places(home: House, http: requests.Session) -> dict[str, str]:
    """Return what others may read: answers, exports, logs, database, process list."""
    answers = [
        http.get(home.url + path, headers={"Accept": kind}, timeout=20).text
        for path, kind in [
            *((path, "text/html") for path in PAGES),
            *((f"/api/v1{path}", "application/json") for path in CALLS),
        ]
    ]
    exports = [
        http.get(f"{home.url}/api/v1/audit/export?format={format}", timeout=20).text
        for format in ("csv", "jsonl")
    ]
    check(all("user.created" in export for export in exports), "the exports are empty")
    files = b"".join(path.read_bytes() for path in home.home.glob("gatehouse.db*"))
    lines = [
        (path / "cmdline").read_bytes().decode("utf-8", "replace")
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and (path / "cmdline").exists()
    ]
    check(any("central" in line and "serve" in line for line in lines), "no process is seen")
    return {
        "answers": "\n".join(answers),
        "exports": "\n".join(exports),
        "logs": home.log("hub") + home.log("jobs"),
        "database": files.decode("latin-1"),
        "process list": "\n".join(lines),
    }


PAGES = ("/account", "/account/sessions", "/account/tokens", "/users", "/users/2", "/audit")
CALLS = (
    "/account",
    "/account/sessions",
    "/account/tokens",
    "/users",
    "/worker-tokens",
    "/audit?limit=500",
    "/cameras",
)


def private(home: House) -> list[Path]:
    """Return the files that hold a secret."""
    garden = home.home / "agents" / "garden"
    return [home.home / "master.key", garden / "token", garden / "token.hub-key"]


if __name__ == "__main__":
    run(main)
