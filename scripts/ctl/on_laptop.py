"""The parts that `scripts/run.sh` runs, known by the files it keeps in `<home>/run`.

A part is stopped by asking the household: a file `<name>.stop` tells it to end that part and not to
start it again. Only a restart sends a signal, to the id in the part's own file, and only when the
process with that id is the one that was started: ids are used again.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scripts.ctl.parts import Part, Trouble, plain
from scripts.running import Running, read

PATIENCE_S = 30.0
ROOT = Path(__file__).parents[2]


class Laptop:
    """One household, in its home."""

    kind = "laptop"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / "run"

    def parts(self) -> list[Part]:
        """Return all parts that the household has, or had when it ended."""
        return [_part(read(file), self._folder) for file in sorted(self._folder.glob("*.json"))]

    def start(self, names: list[str]) -> None:
        """Let the household start parts."""
        self._must_live()
        for name in names:
            (self._folder / f"{name}.stop").unlink(missing_ok=True)
        self._wait(names, "running")

    def stop(self, names: list[str]) -> None:
        """Let the household end parts and leave them ended."""
        self._must_live()
        for name in names:
            (self._folder / f"{name}.stop").touch()
        self._wait(names, "stopped")

    def restart(self, names: list[str]) -> None:
        """End parts gently; the household starts them anew."""
        self._must_live()
        before = {part.name: part.pid for part in self.parts()}
        for name in names:
            (self._folder / f"{name}.stop").unlink(missing_ok=True)
            running = read(self._folder / f"{name}.json")
            if running.pid is not None and running.lives:
                os.kill(running.pid, signal.SIGTERM)
        self._wait(names, "running", {name: before[name] for name in names})

    def logs(self, names: list[str], lines: int, *, follow: bool) -> Iterator[str]:
        """Yield lines of the household's own log files, in the order of their times."""
        files = {name: self._home / "logs" / f"{name}.log" for name in names}
        found = [
            f"{line[:19]}  {name:<16} {plain(line[20:])}"
            for name, file in files.items()
            if file.exists()
            for line in file.read_text(errors="replace").splitlines()
        ]
        yield from sorted(found)[-lines:] if lines else ()
        at = {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}
        while follow:
            for name, file in files.items():
                if not file.exists() or file.stat().st_size == at[name]:
                    continue
                with file.open(errors="replace") as reading:
                    reading.seek(at[name] if file.stat().st_size > at[name] else 0)
                    for line in reading:
                        yield f"{line[:19]}  {name:<16} {plain(line[20:])}"
                    at[name] = reading.tell()
            time.sleep(0.2)

    def central(self, *words: str) -> int:
        """Run a hub's command in this home."""
        command, told = self._command(words)
        return subprocess.run(command, env=told, cwd=ROOT, check=False).returncode

    def output(self, *words: str) -> str:
        """Return what a hub's command prints."""
        command, told = self._command(words)
        done = subprocess.run(
            command, env=told, cwd=ROOT, check=False, capture_output=True, text=True, timeout=600
        )
        return done.stdout + done.stderr

    def _command(self, words: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
        told = {**os.environ, "GATEHOUSE_HOME": str(self._home), "PYTHONPATH": str(ROOT)}
        return [sys.executable, "-m", "central", *words], told

    def _must_live(self) -> None:
        file = self._folder / "household"
        if not file.exists() or not read(file).lives:
            raise Trouble("nothing runs here: start everything with scripts/run.sh")

    def _wait(
        self, names: list[str], state: str, unlike: dict[str, int | None] | None = None
    ) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while True:
            now = {part.name: part for part in self.parts()}
            late = [
                name
                for name in names
                if now[name].state != state or (unlike and now[name].pid == unlike[name])
            ]
            if not late:
                return
            if time.monotonic() > ends_at:
                raise Trouble(f"{', '.join(late)} did not become {state} within {PATIENCE_S:g} s")
            time.sleep(0.1)


def _part(running: Running, folder: Path) -> Part:
    lives = running.lives and running.pid is not None
    asked = (folder / f"{running.name}.stop").exists()
    since = datetime.fromtimestamp(running.since_s, UTC).isoformat(timespec="seconds")
    return Part(
        running.name,
        " ".join(running.words),
        "running" if lives else "stopped" if asked or running.pid is None else "failed",
        running.pid if lives else None,
        since if lives else None,
        "stopped on request" if asked and not lives else "",
    )
