"""The house on one machine: starts hub, jobs and cameras, keeps them running, ends them all."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts.cameras import CameraPlan, NoFootage, plan
from scripts.children import Child, Family

READY_S = 60.0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/run.sh",
        description="Run Gatehouse on this machine, with simulated cameras.",
        allow_abbrev=False,
    )
    parser.add_argument("--cameras", type=int, metavar="N", help="how many; 0 for a hub alone")
    parser.add_argument("--footage", type=Path, metavar="PATH", help="a video, or a folder of them")
    parser.add_argument("--port", type=int, help="where the hub listens (8000)")
    parser.add_argument("--home", type=Path, metavar="DIR", help="folder of all data (./var)")
    parser.add_argument("--no-install", action="store_true", help="install nothing")
    told = parser.parse_args()
    if told.cameras is not None and not 0 <= told.cameras <= 64:
        parser.error("--cameras takes a number from 0 to 64")
    return told


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    told = arguments()
    home = (told.home or Path(os.environ.get("GATEHOUSE_HOME") or "var")).absolute()
    port = told.port or int(os.environ.get("GATEHOUSE_PORT") or 8000)
    environment = {**os.environ, "GATEHOUSE_HOME": str(home), "GATEHOUSE_PORT": str(port)}
    try:
        cameras = plan(told.cameras, told.footage)
    except NoFootage as error:
        return complain(str(error))
    if not is_free(port):
        return complain(f"port {port} is taken by another program; choose one with --port")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: over.set())
    family = Family(environment, home)
    try:
        return live(family, environment, home, port, cameras, over)
    finally:
        family.end()
        print("Everything has ended. Start again with the same command; nothing is lost.")


def live(
    family: Family,
    environment: dict[str, str],
    home: Path,
    port: int,
    cameras: list[CameraPlan],
    over: threading.Event,
) -> int:
    """Set the house up, run it until `over`, return the exit code."""
    if not command(environment, "migrate"):
        return 1
    first_run = output(environment, "admin", "--first-run")
    family.add(Child("hub", ["central", "serve"]))
    family.add(Child("jobs", ["central", "jobs"]))
    if not wait_until_healthy(port, family, over):
        return 0 if over.is_set() else complain("the hub does not start; its lines above say why")
    welcome(port, first_run, cameras)
    for camera in cameras:
        if over.is_set():
            break
        token = home / "agents" / camera.camera_id / "token"
        # Anew at every start: a token left from another database would only be refused.
        issue = ("token", "issue", "--camera", camera.camera_id, "--out", str(token))
        if not command(environment, *issue):
            return 1
        config = write_config(home, port, camera, token)
        family.add(Child(camera.camera_id, ["agent", "--config", str(config)]))
    while not over.wait(0.2):
        family.look_after()
    return 0


def command(environment: dict[str, str], *words: str) -> bool:
    """Run one of the hub's commands; tell whether it worked. It says itself what went wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "central", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=180,
    )
    return done.returncode == 0


def output(environment: dict[str, str], *words: str) -> str:
    """Return what one of the hub's commands prints."""
    done = subprocess.run(
        [sys.executable, "-m", "central", *words],
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
        text=True,
    )
    return done.stdout.strip()


def wait_until_healthy(port: int, family: Family, over: threading.Event) -> bool:
    """Wait until the hub says that it can serve."""
    ends_at = time.monotonic() + READY_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < ends_at and not over.wait(0.1):
        family.look_after()
        try:
            with opener.open(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if json.load(answer)["status"] == "healthy":
                    return True
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            continue
    return False


def welcome(port: int, first_run: str, cameras: list[CameraPlan]) -> None:
    """Say where to look and, the first time, with which password."""
    lines = [f"Gatehouse is at  http://127.0.0.1:{port}/"]
    if first_run:
        password = first_run.removeprefix("admin password: ")
        lines += [f"Log in as        admin  with password  {password}", "(shown this once)"]
    lines.append(f"Cameras          {', '.join(c.name for c in cameras) or 'none'}")
    width = max(len(line) for line in lines)
    print("\n".join(["", "─" * width, *lines, "─" * width, ""]), flush=True)


def write_config(home: Path, port: int, camera: CameraPlan, token: Path) -> Path:
    """Write the agent's file and return where it lies."""
    folder = home / "agents" / camera.camera_id
    folder.mkdir(parents=True, exist_ok=True)
    share = os.environ.get("GATEHOUSE_SHARE") or str(home / "share")
    sections = {
        "camera": {
            "id": camera.camera_id,
            "name": camera.name,
            "location": "simulated",
            "source": camera.source,
        },
        "hub": {"url": f"http://127.0.0.1:{port}", "token_file": str(token)},
        "share": {"root": str(Path(share).absolute())},
        "spool": {"folder": str(folder / "spool")},
    }
    text = "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())
        for name, told in sections.items()
    )
    config = folder / "agent.toml"
    config.write_text(text)
    return config


def is_free(port: int) -> bool:
    """Tell whether the hub could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def complain(text: str) -> int:
    """Say what is wrong; return the exit code of failure."""
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
