"""The parts as units of systemd."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.ctl.parts import Part, State, Trouble, plain

WHAT = {"web": "pages and API", "jobs": "conversion and housekeeping", "ai": "descriptions"}
SHOWN = "Id,ActiveState,SubState,Result,MainPID,ActiveEnterTimestamp,StatusText,NRestarts"
ENVIRONMENT = (Path("/etc/gatehouse/hub.env"), Path("/etc/gatehouse/database.env"))
HERE = Path(__file__).parents[2]


class Systemd:
    """This machine's `gatehouse-*` units."""

    kind = "systemd"

    def parts(self) -> list[Part]:
        """Return all units of ours that are installed, instances of agents one by one."""
        units = self._units()
        if not units:
            return []
        shown = _run("systemctl", "show", f"--property={SHOWN}", "--timestamp=utc", *units)
        return [_part(block) for block in shown.strip().split("\n\n") if block.strip()]

    def start(self, names: list[str]) -> None:
        """Start units."""
        _run("systemctl", "start", *map(_unit, names))

    def stop(self, names: list[str]) -> None:
        """Stop units."""
        _run("systemctl", "stop", *map(_unit, names))

    def restart(self, names: list[str]) -> None:
        """Restart units."""
        _run("systemctl", "restart", *map(_unit, names))

    def logs(self, names: list[str], lines: int, *, follow: bool) -> Iterator[str]:
        """Yield lines of the journal."""
        units = [word for name in names for word in ("-u", _unit(name))]
        command = ["journalctl", "--no-pager", "-o", "short-iso", "-n", str(lines), *units]
        command += ["-f"] if follow else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as said:
            try:
                for line in said.stdout or []:
                    yield plain(line)
            finally:
                said.terminate()

    def central(self, *words: str) -> int:
        """Run a hub's command as the hub's user, with the hub's settings."""
        command, told = as_hub(HERE, words)
        return subprocess.run(command, env=told, cwd=HERE, check=False).returncode

    def output(self, *words: str) -> str:
        """Return what a hub's command prints."""
        command, told = as_hub(HERE, words)
        return _printed(command, told)

    def _units(self) -> list[str]:
        listed = _run(
            *("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service"),
            "gatehouse-*",
        )
        files = _run(
            "systemctl", "list-unit-files", "--plain", "--no-legend", "gatehouse-*.service"
        )
        names = {line.split()[0] for line in (listed + "\n" + files).splitlines() if line.strip()}
        return sorted(name for name in names if "@." not in name)


def as_hub(release: Path, words: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Return how to run a hub's command of a release: as the hub's user, with its settings."""
    told = dict(os.environ)
    for file in ENVIRONMENT:
        told |= _environment(file)
    command = [str(release / "venv/bin/python"), "-m", "central", *words]
    if os.geteuid() == 0 and _exists("gatehouse"):
        command = ["runuser", "-u", "gatehouse", "--", *command]
    return command, told


def _printed(command: list[str], told: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=told, cwd=HERE, check=False, capture_output=True, text=True, timeout=3600
    )
    return done.stdout + done.stderr


def _part(block: str) -> Part:
    told = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    name = told["Id"].removeprefix("gatehouse-").removesuffix(".service")
    states: dict[str, State] = {"active": "running", "activating": "running", "failed": "failed"}
    state: State = states.get(told.get("ActiveState", ""), "stopped")
    detail = [told.get("StatusText", "")]
    if told.get("Result", "success") != "success":
        detail.append(f"ended by {told['Result']}")
    if told.get("NRestarts", "0") != "0":
        detail.append(f"{told['NRestarts']} restarts")
    return Part(
        name,
        WHAT.get(name, "camera" if name.startswith("agent@") else ""),
        state,
        int(told.get("MainPID") or 0) or None,
        told.get("ActiveEnterTimestamp") or None,
        ", ".join(part for part in detail if part),
    )


def _unit(name: str) -> str:
    return f"gatehouse-{name}.service"


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"{command[0]} does not answer: {error}") from error
    if done.returncode != 0:
        raise Trouble(done.stderr.strip() or f"{' '.join(command)} failed")
    return done.stdout


def _environment(file: Path) -> dict[str, str]:
    """Read an EnvironmentFile; what we may not read is left out, and the command will say so."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
