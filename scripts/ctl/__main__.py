"""`scripts/jobctl`: list, status, start, stop, restart, run, logs, follow, doctor, check, backup …

Exit codes: 0 all is well · 1 something is wrong, or it could not be done · 2 wrong usage.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from scripts.ctl import bundle, releases
from scripts.ctl.on_laptop import Laptop
from scripts.ctl.on_systemd import ENVIRONMENT, Systemd
from scripts.ctl.parts import Machine, Part, Trouble, chosen

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the command line; return the exit code."""
    told = arguments()
    machine = this_machine(told.home)
    try:
        return act(machine, told)
    except Trouble as trouble:
        print(f"jobctl: {trouble}", file=sys.stderr)
        return trouble.code
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/jobctl", description="Look after Gatehouse on this machine.", epilog=__doc__
    )
    parser.add_argument("--home", type=Path, help="folder of run.sh's data, on a laptop (./var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON, where there is a list")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for name, what in (
        ("list", "the parts of this machine and the house's jobs"),
        ("doctor", "what is wrong, and how to mend it"),
        ("rollback", "go back to the release, and the database, before the last upgrade"),
    ):
        verbs.add_parser(name, help=what)
    status = verbs.add_parser("status", help="how each part is; exit 1 if one is not running")
    status.add_argument("names", nargs="*")
    for name in ("start", "stop", "restart"):
        verb = verbs.add_parser(name, help=f"{name} parts; all without a name")
        verb.add_argument("names", nargs="*")
    verbs.add_parser("run", help="run one of the house's jobs now").add_argument("job")
    for name, what in (("logs", "the last lines"), ("follow", "the lines as they come")):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("names", nargs="*")
        verb.add_argument("-n", "--lines", type=int, default=100 if name == "logs" else 10)
    check = verbs.add_parser("check", help="hold database and share against the invariants")
    check.add_argument("--deep", action="store_true", help="read every file")
    backup = verbs.add_parser("backup", help="back the database up, while everything runs")
    backup.add_argument("--to", type=Path, help="folder of backups")
    restore = verbs.add_parser("restore", help="stop, put a backup back, reconcile, check, start")
    restore.add_argument("backup", type=Path)
    upgrade = verbs.add_parser("upgrade", help="install a newer release, rehearsed on a copy first")
    upgrade.add_argument("tree", type=Path, help="the unpacked release")
    support = verbs.add_parser("support-bundle", help="a file for who helps you, without secrets")
    support.add_argument("--to", type=Path, default=Path(), help="folder to put it in (.)")
    return parser.parse_args()


def this_machine(home: Path | None) -> Machine:
    """Return where the parts run: units of systemd if there are any, else run.sh's household."""
    told = home or (Path(os.environ["GATEHOUSE_HOME"]) if "GATEHOUSE_HOME" in os.environ else None)
    if told is None and Path("/run/systemd/system").is_dir() and Path("/etc/gatehouse").is_dir():
        return Systemd()
    return Laptop((told or ROOT / "var").absolute())


def act(machine: Machine, told: argparse.Namespace) -> int:
    """Do what was asked; return the exit code. Raises Trouble."""
    verb: str = told.verb
    if verb == "list":
        show(machine.parts(), told.json)
        return 0 if told.json else machine.central("job", "list")
    if verb == "status":
        names = chosen(machine, told.names)
        found = [part for part in machine.parts() if part.name in names]
        show(found, told.json)
        return 0 if found and all(part.state == "running" for part in found) else 1
    if verb in ("start", "stop", "restart"):
        names = chosen(machine, told.names)
        getattr(machine, verb)(names)
        show([part for part in machine.parts() if part.name in names], told.json)
        return 0
    if verb in ("logs", "follow"):
        for line in machine.logs(
            chosen(machine, told.names), max(0, told.lines), follow=verb == "follow"
        ):
            print(line, flush=verb == "follow")
        return 0
    return maintain(machine, told)


def maintain(machine: Machine, told: argparse.Namespace) -> int:
    """Do what concerns the house as a whole; return the exit code. Raises Trouble."""
    verb: str = told.verb
    if verb == "run":
        return machine.central("job", "run", told.job)
    if verb == "doctor":
        return machine.central("doctor")
    if verb == "check":
        return machine.central("check", *(["--deep"] if told.deep else []))
    if verb == "backup":
        to = ["--to", str(told.to.absolute())] if told.to else []
        return machine.central("backup", *to)
    if verb == "restore":
        return restore(machine, told.backup.absolute())
    if verb == "support-bundle":
        print(bundle.make(machine, told.to, [path for path in ENVIRONMENT if path.exists()]))
        return 0
    if machine.kind != "systemd":
        raise Trouble(
            "on a laptop the release is the folder itself: scripts/jobctl backup, then git pull or "
            "git checkout, then start scripts/run.sh again; it migrates by itself"
        )
    if not any(part.name == "web" for part in machine.parts()):
        raise Trouble("on a camera or AI server run the new release's own scripts/install-*.sh")
    if verb == "upgrade":
        return releases.upgrade(machine, told.tree.absolute())
    return releases.rollback(machine)


def restore(machine: Machine, backup: Path) -> int:
    """Put a backup back with hub and jobs stopped, and start what ran before."""
    running = [
        part.name
        for part in machine.parts()
        if part.state == "running" and part.name in ("web", "hub", "jobs")
    ]
    if running:
        machine.stop(running)
    try:
        return machine.central("restore", str(backup), "--yes")
    finally:
        if running:
            machine.start(running)


def show(parts: list[Part], as_json: bool) -> None:
    """Print parts, for people or for programs."""
    if as_json:
        print(json.dumps([asdict(part) for part in parts], indent=2))
        return
    for part in parts:
        pid = f"pid {part.pid}" if part.pid else ""
        print(
            f"{part.name:<20} {part.state:<8} {pid:<12} {part.since or '':<26} "
            f"{part.detail or part.what}".rstrip()
        )
    if not parts:
        print("nothing of Gatehouse is installed or running here")


if __name__ == "__main__":
    sys.exit(main())
