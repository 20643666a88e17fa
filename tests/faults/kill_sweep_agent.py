"""Every system call of a piece of work, one after the other, as the place where it is killed.

strace counts the calls that it may tamper with kind by kind: "the n-th of all" would be the n-th
`read` or the n-th `lstat`, whichever comes first, and a `rename` that happens twice would hardly
ever be the place. So the work is watched once, to learn its kinds of calls, and then each kind is
swept on its own, n = 1, 2, 3 … until a run completes.
"""

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.power_cut import ATTACH_S, _await_end, _await_tracer, sweep

CHANGING = re.compile(
    r"(f|fd)?(data)?sync|openat|p?writev?(64)?|send(to|msg|file)|recv(from|msg)|connect|socket|"
    r"rename(at2?)?|link(at)?|symlink(at)?|unlink(at)?|mkdir(at)?|rmdir|f?truncate|copy_file_range|"
    r"f?chmod(at)?|flock|fallocate|utimensat|exit_group"
)
"""Calls that change what others see, or wait for them. A process that is killed at any other call
leaves the same world behind as one killed at the next of these: files, folders and hub are as the
last changing call left them.
"""

_LINE = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\(")
_NEVER = {"restart_syscall", "rt_sigreturn"}


@dataclass(frozen=True)
class Swept:
    """How many places there were, of how many calls, and of how many kinds."""

    cuts: int
    calls: int
    kinds: int


def kinds_of(work: Callable[[], None]) -> Counter[str]:
    """Run `work` once in a child under strace; return how often it made each kind of call."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            code = 0
        finally:
            os._exit(code)
    os.waitpid(child, os.WUNTRACED)
    with tempfile.TemporaryDirectory(prefix="gatehouse-trace-") as folder:
        trace = Path(folder) / "trace"
        with subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(trace), "-p", str(child)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as strace:
            _await_tracer(child)
            os.kill(child, signal.SIGCONT)
            status = _await_end(child)
            strace.wait(ATTACH_S)
        if status != 0:
            raise RuntimeError(f"the work fails without any cut: {status}")
        lines = trace.read_text(errors="replace").splitlines()
    found = Counter(match[1] for line in lines if (match := _LINE.match(line)))
    return Counter({kind: count for kind, count in found.items() if kind not in _NEVER})


def sweep_each_kind(
    prepare: Callable[[], None],
    work: Callable[[], None],
    examine: Callable[[int], None],
    *,
    everything: bool,
    within_s: float,
) -> Swept:
    """Kill `work` at each of its calls (without `everything`: at each changing one).

    Before each run `prepare`, after each cut `examine`, which raises when something is amiss.
    """
    prepare()
    seen = kinds_of(work)
    examine(0)
    kinds = [kind for kind in sorted(seen) if everything or CHANGING.fullmatch(kind)]
    cuts = sum(sweep(prepare, work, examine, calls=kind, within_s=within_s) for kind in kinds)
    return Swept(cuts, seen.total(), len(kinds))
