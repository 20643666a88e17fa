"""Child processes of the household: started, listened to, restarted, and ended for certain."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts import running
from scripts.running import Running

GENTLY_S = 8.0
LOG_MOST_BYTES = 5_000_000
LONGEST_PAUSE_S = 30.0
STABLE_AFTER_S = 30.0
COLOURS = (36, 33, 32, 35, 34, 31)
ROOT = Path(__file__).parents[1]


@dataclass
class Child:
    """A part of the house: `python -m …words`. Restarted when it dies, later each time."""

    name: str
    words: list[str]
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    pause_s: float = 1.0
    due_at: float = 0.0
    listeners: list[threading.Thread] = field(default_factory=list)


class Family:
    """All children. Nothing of them is left when this ends, or when this process is killed."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self._environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._children: list[Child] = []
        self._run = home / "run"
        self._logs = home / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._run.glob("*"):  # of an earlier household
            old.unlink()
        running.write(self._run / "household", _as_running("household", [], os.getpid()))
        self._colourful = sys.stdout.isatty()
        self._pen = threading.Lock()

    def add(self, child: Child) -> None:
        """Take a child in and start it."""
        self._children.append(child)
        self._start(child)

    def look_after(self) -> None:
        """Start again what has died, when its time has come."""
        now = time.monotonic()
        for child in self._children:
            asked_to_stop = (self._run / f"{child.name}.stop").exists()
            if asked_to_stop:
                self._leave_ended(child)
            elif child.process is None:
                if now >= child.due_at:
                    self._start(child)
            elif child.process.poll() is not None:
                code = child.process.returncode
                if now - child.started_at > STABLE_AFTER_S:
                    child.pause_s = 1.0
                self._say(child, f"ended (exit {code}); starting it again in {child.pause_s:g} s")
                child.process, child.due_at = None, now + child.pause_s
                child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def end(self) -> None:
        """End every child, cameras first: gently, then for certain; by id, never by name."""
        groups = [child for child in reversed(self._children) if child.process is not None]
        for child in groups:
            _signal(child, signal.SIGTERM)
        ends_at = time.monotonic() + GENTLY_S
        for child in groups:
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, ends_at - time.monotonic()))
        for child in groups:
            _signal(child, signal.SIGKILL)  # the whole group: media children too
            if child.process is not None:
                child.process.wait()
            for listener in child.listeners:
                listener.join(1)

    def _leave_ended(self, child: Child) -> None:
        """End a child that `jobctl stop` asked to end; it starts when the request is withdrawn."""
        if child.process is None:
            return
        _signal(child, signal.SIGTERM)
        try:
            child.process.wait(GENTLY_S)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.process.wait()
        child.process, child.due_at, child.pause_s = None, 0.0, 1.0
        running.write(self._run / f"{child.name}.json", _as_running(child.name, child.words, None))
        self._say(child, "ended on request")

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            [sys.executable, "-m", *child.words],
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        child.started_at = time.monotonic()
        running.write(
            self._run / f"{child.name}.json",
            _as_running(child.name, child.words, child.process.pid),
        )
        listener = threading.Thread(target=self._listen, args=(child, child.process), daemon=True)
        listener.start()
        child.listeners = [thread for thread in child.listeners if thread.is_alive()] + [listener]

    def _listen(self, child: Child, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self._say(child, line.rstrip().removeprefix("INFO "))

    def _say(self, child: Child, line: str) -> None:
        name = f"{child.name[:24]:<24}"
        if self._colourful:
            colour = COLOURS[self._children.index(child) % len(COLOURS)]
            name = f"\033[{colour}m{name}\033[0m"
        with self._pen:
            self._keep(child, line)
            print(f"{time.strftime('%H:%M:%S')}  {name}  {line}", flush=True)

    def _keep(self, child: Child, line: str) -> None:
        """Append a line to the child's log file, which is begun anew when it is large."""
        file = self._logs / f"{child.name}.log"
        if file.exists() and file.stat().st_size > LOG_MOST_BYTES:
            file.replace(file.with_suffix(".log.1"))
        with file.open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {line}\n")


def _as_running(name: str, words: list[str], pid: int | None) -> Running:
    ticks = running.started_ticks(pid) if pid is not None else 0
    return Running(name, words, pid, ticks, time.time())


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def _die_with_parent() -> None:
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
