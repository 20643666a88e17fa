"""A file that says which process is which part of the house, and whether it still is that one."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """`ticks`: when the process began, by the kernel's count; a later one of its id has others."""

    name: str
    words: list[str]
    pid: int | None
    ticks: int
    since_s: float

    @property
    def lives(self) -> bool:
        """Whether the process that was started is still there."""
        return self.pid is not None and started_ticks(self.pid) == self.ticks


def started_ticks(pid: int) -> int:
    """Return when a process began, in the kernel's ticks since boot; 0 when there is none."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0
    return 0 if told[0] in "ZX" else int(told[19])


def write(file: Path, running: Running) -> None:
    """Put the file there, whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(running)))
    part.replace(file)


def read(file: Path) -> Running:
    """Return what a file says. Raises OSError and ValueError."""
    return Running(**json.loads(file.read_text()))
