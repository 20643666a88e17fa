"""Real processes of ours on loopback, in a fresh home: started, killed and ended by their ids."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from scripts.cameras import CameraPlan
from scripts.household import write_config
from tests.fakes.mariadb import die_with_parent, free_port

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


@dataclass
class House:
    """A hub, its jobs and its cameras. `processes` are the running ones, by name."""

    home: Path
    database_url: str | None = None
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def share(self) -> Path:
        """Root of the share."""
        return self.home / "share"

    @property
    def environment(self) -> dict[str, str]:
        """What our processes are told."""
        told = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GATEHOUSE_")},
            "GATEHOUSE_HOME": str(self.home),
            "GATEHOUSE_PORT": str(self.port),
            "GATEHOUSE_ADMIN_PASSWORD": self.password,
            "GATEHOUSE_TIMEZONE": "Europe/Berlin",
            "GATEHOUSE_REQUESTS_PER_MINUTE": "100000",  # tests ask as fast as they can
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }
        return told | ({"GATEHOUSE_DATABASE_URL": self.database_url} if self.database_url else {})

    def command(self, *words: str) -> str:
        """Run one of the hub's commands to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "central", *words],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"central {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout

    def set_up(self) -> None:
        """Make database, share and admin."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.command("migrate")
        self.command("admin", "--first-run")

    def start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start `python -m …words` under a name; its lines go to `<home>/<name>.log`."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        self.processes[name] = process
        return process

    def start_hub(self) -> None:
        """Start the hub and wait until it can serve."""
        self.start("hub", "central", "serve")
        wait_for(self._healthy, 30, lambda: "the hub does not answer\n" + self.log("hub"))

    def start_jobs(self, name: str = "jobs") -> None:
        """Start a jobs process."""
        self.start(name, "central", "jobs")

    def camera(self, camera_id: str, source: str, **extra: dict[str, Any]) -> Path:
        """Issue a token and write the file of a camera's agent; return the file."""
        plan = CameraPlan(camera_id, camera_id.replace("_", " ").capitalize(), source)
        token = self.home / "agents" / camera_id / "token"
        self.command("token", "issue", "--camera", camera_id, "--out", str(token))
        config = write_config(self.home, self.port, plan, token)
        for section, told in extra.items():
            lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())
            config.write_text(config.read_text() + f"\n[{section}]\n{lines}")
        return config

    def start_agent(self, camera_id: str) -> None:
        """Start the agent of a camera made by `camera`."""
        config = self.home / "agents" / camera_id / "agent.toml"
        self.start(camera_id, "agent", "--config", str(config))

    def kill(self, name: str) -> None:
        """`kill -9` one process, as a power cut would."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(10)

    def stop(self, name: str, within_s: float = 15) -> None:
        """End one process gently."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # it then writes where each thread stands
            process.wait(10)
            stood = (self.home / f"{name}.log").read_text()[-6000:]
            raise RuntimeError(f"{name} did not end within {within_s} s:\n{stood}") from None

    def end(self) -> None:
        """End everything that still runs."""
        for name in reversed(list(self.processes)):
            self.stop(name)

    def log(self, name: str) -> str:
        """Return the last lines of a process."""
        path = self.home / f"{name}.log"
        return path.read_text()[-3000:] if path.exists() else ""

    def session(self) -> requests.Session:
        """Return an HTTP session that is logged in as admin."""
        http = requests.Session()
        http.trust_env = False
        answer = http.post(
            f"{self.url}/login",
            data={"name": "admin", "password": self.password},
            timeout=10,
            allow_redirects=False,
        )
        if answer.status_code != 303:
            raise RuntimeError(f"login answered {answer.status_code}")
        return http

    def events(self, http: requests.Session) -> list[dict[str, Any]]:
        """Return all events, newest first."""
        found: list[dict[str, Any]] = []
        address = f"{self.url}/api/v1/events?limit=200"
        while True:
            page = http.get(address, timeout=30).json()
            found += page["events"]
            if page["next"] is None:
                return found
            address = f"{self.url}/api/v1/events?limit=200&before={page['next']}"

    def path_of(self, event: dict[str, Any], kind: str) -> Path:
        """Return where a file of an event lies on the share."""
        hub_made = "hub-made/" if kind in ("mp4", "poster") else ""
        names = {"mp4": "clip.mp4", "clip": "clip.h264", "timing": "clip.timing"}
        folder = self.share / f"{hub_made}{event['camera_id']}"
        (found,) = folder.rglob(f"*_{event['uid']}_{names.get(kind, kind + '.jpg')}")
        return found

    def _healthy(self) -> bool:
        try:
            answer = requests.get(f"{self.url}/health", timeout=2)
        except requests.RequestException:
            return False
        return bool(answer.json()["database_connected"])


@contextmanager
def house(database_url: str | None = None, **settings: str) -> Iterator[House]:
    """Give a house that is set up but not started; end its processes and remove its files."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-house-") as folder:
        made = House(
            Path(folder) / "home",
            database_url,
            settings={f"GATEHOUSE_{name.upper()}": value for name, value in settings.items()},
        )
        made.set_up()
        try:
            yield made
        finally:
            made.end()


def wait_for(
    what: Callable[[], T], within_s: float, complaint: str | Callable[[], str], pause_s: float = 0.1
) -> T:
    """Return the first true answer of `what`; raise with the complaint when it takes too long."""
    ends_at = time.monotonic() + within_s
    while True:
        answer = what()
        if answer:
            return answer
        if time.monotonic() > ends_at:
            raise AssertionError(complaint if isinstance(complaint, str) else complaint())
        time.sleep(pause_s)
