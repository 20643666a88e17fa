"""What jobctl knows of a part of the house, wherever it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["running", "stopped", "failed"]


class Trouble(Exception):
    """It cannot be done. The text says why and what to do; `code` is the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Part:
    """One process: `detail` in words, `since` as ISO 8601 or None."""

    name: str
    what: str
    state: State
    pid: int | None = None
    since: str | None = None
    detail: str = ""


class Machine(Protocol):
    """Where the parts run."""

    kind: str

    def parts(self) -> list[Part]:
        """Return all parts of this machine."""

    def start(self, names: list[str]) -> None:
        """Start parts. Raises Trouble."""

    def stop(self, names: list[str]) -> None:
        """Stop parts. Raises Trouble."""

    def restart(self, names: list[str]) -> None:
        """Start parts anew. Raises Trouble."""

    def logs(self, names: list[str], lines: int, *, follow: bool) -> Iterator[str]:
        """Yield the last lines, and with `follow` those to come."""

    def central(self, *words: str) -> int:
        """Run one of the hub's commands, its output to ours; return its exit code."""

    def output(self, *words: str) -> str:
        """Run one of the hub's commands; return what it printed, whatever it came to."""


def chosen(machine: Machine, names: list[str]) -> list[str]:
    """Return the names asked for, or all. Raises Trouble for one that does not exist."""
    known = [part.name for part in machine.parts()]
    for name in names:
        if name not in known:
            raise Trouble(f"there is no {name} here; there is: {', '.join(known) or 'nothing'}", 2)
    return names or known


def plain(line: str) -> str:
    """Return a line without what a terminal would obey: logs hold what strangers said."""
    return "".join(c if c.isprintable() or c == "\t" else "�" for c in line.rstrip("\r\n"))
