"""Releases lie side by side; `current` is a link to one of them. Upgrade and rollback.

Upgrade: build the new release beside the old · back the database up · migrate a copy of it with the
new release · stop · migrate · turn the link · start · ask for health. Whatever goes wrong after the
stop leads back to where it was: link, database and all.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from scripts.ctl.on_systemd import as_hub
from scripts.ctl.parts import Machine, Trouble

HOME = Path("/opt/gatehouse")
NOTE = "came-from.json"
KEPT = 3
HEALTHY_S = 90.0
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "var", "__pycache__", "*.pyc", "tests")


@dataclass(frozen=True)
class Before:
    """What a release was installed over: the release, and the backup made then."""

    release: str
    backup: str


def upgrade(machine: Machine, tree: Path, home: Path = HOME) -> int:
    """Install the release in `tree` and start it. Raises Trouble, with everything as before."""
    if not (tree / "central" / "version.py").is_file():
        raise Trouble(f"{tree} is no release of Gatehouse", 2)
    before = (home / "current").resolve()
    fresh = lay(tree, home)
    backup = _backup(machine)
    if _in(fresh, "rehearse") != 0:
        shutil.rmtree(fresh)
        raise Trouble("the migration fails on a copy of your database; nothing was changed")
    (fresh / NOTE).write_text(json.dumps({"release": before.name, "backup": str(backup)}))
    names = [part.name for part in machine.parts() if part.state == "running"]
    machine.stop(names)
    try:
        if _in(fresh, "migrate") != 0:
            raise Trouble("the migration failed")
        turn(home, fresh)
        machine.start(names)
        _wait_until_healthy()
    except Trouble as trouble:
        _go_back(machine, home, Before(before.name, str(backup)), names)
        raise Trouble(f"{trouble}: {before.name} runs again, with its database") from trouble
    drop_old(home)
    print(f"{fresh.name} runs. To go back: scripts/jobctl rollback")
    return 0


def rollback(machine: Machine, home: Path = HOME) -> int:
    """Go back to the release, and the database, before the last upgrade.

    Events recorded since are on the share and come back by reconcile; other changes since
    (settings, users, stars) are lost with the newer database, a backup of which is kept.
    """
    current = (home / "current").resolve()
    try:
        before = Before(**json.loads((current / NOTE).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise Trouble(f"{current.name} was not installed over another release") from error
    if not (home / "releases" / before.release).is_dir():
        raise Trouble(f"{before.release} is no longer there")
    names = [part.name for part in machine.parts() if part.state == "running"]
    machine.stop(names)
    _go_back(machine, home, before, names)
    _wait_until_healthy()
    print(f"{before.release} runs again, with the database of before")
    return 0


def lay(tree: Path, home: Path) -> Path:
    """Copy a release beside the others and give it its environment; return its folder."""
    version = _version(tree)
    fresh = home / "releases" / f"{version}-{time.strftime('%Y%m%dT%H%M%S')}"
    part = fresh.with_name(fresh.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(tree, part, ignore=LEFT_OUT, symlinks=True)
    install = '. scripts/lib/install.sh && make_venv "$1" central/requirements.txt'
    command = ["bash", "-c", install, "lay", str(part / "venv")]
    done = subprocess.run(command, cwd=part, check=False)
    if done.returncode != 0:
        shutil.rmtree(part)
        raise Trouble("the new release's packages could not be installed; nothing was changed")
    part.rename(fresh)
    for program in ("pip", "pip3"):  # they name the folder they were made in; the rest does not
        (fresh / "venv/bin" / program).unlink(missing_ok=True)
    return fresh


def turn(home: Path, release: Path) -> None:
    """Point `current` at a release, in one step."""
    part = home / "current.part"
    part.unlink(missing_ok=True)
    part.symlink_to(Path("releases") / release.name)
    part.replace(home / "current")


def drop_old(home: Path, kept: int = KEPT) -> list[Path]:
    """Remove all but the newest releases, never the current one; return what went."""
    current = (home / "current").resolve()
    known = sorted(
        (path for path in (home / "releases").iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    going = [path for path in known[:-kept] if path != current]
    for path in going:
        shutil.rmtree(path)
    return going


def _go_back(machine: Machine, home: Path, before: Before, names: list[str]) -> None:
    turn(home, home / "releases" / before.release)
    code = _in(home / "releases" / before.release, "restore", before.backup, "--yes")
    machine.start(names)
    if code != 0:
        raise Trouble(f"{before.release} runs, but its database {before.backup} was not restored")


def _backup(machine: Machine) -> Path:
    said = machine.output("backup")
    made = Path(said.split(": ", 1)[0].strip())
    if not made.is_dir():
        raise Trouble(f"no backup was made, so nothing was changed: {said.strip()}")
    return made


def _in(release: Path, *words: str) -> int:
    command, told = as_hub(release, words)
    return subprocess.run(command, env=told, cwd=release, check=False).returncode


def _version(tree: Path) -> str:
    text = (tree / "central" / "version.py").read_text()
    return text.split('VERSION = "', 1)[1].split('"', 1)[0]


def _wait_until_healthy() -> None:
    port = os.environ.get("GATEHOUSE_PORT", "8000")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    ends_at = time.monotonic() + HEALTHY_S
    while time.monotonic() < ends_at:
        try:
            with opener.open(f"http://127.0.0.1:{port}/health", timeout=3) as answer:
                if json.load(answer)["status"] == "healthy":
                    return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(1)
    raise Trouble(f"the hub is not healthy after {HEALTHY_S:g} s")
