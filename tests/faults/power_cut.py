"""A power cut at each system call: strace kills a real process there, for each call in turn.

The process under test imports everything, then forks a child for each cut. The child stops itself
just before the work; strace takes hold of it, counts its calls from there on, and kills it.

strace counts the calls that it may tamper with kind by kind: "the n-th of all" would be the n-th
`read` or the n-th `lstat`, whichever comes first, and a `rename` that happens twice would hardly
ever be the place. So the work is watched once, to learn its kinds of calls, and then each kind is
swept on its own, n = 1, 2, 3 … until a run completes.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ATTACH_S = 10.0
WORK_S = 60.0


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
class Cut:
    """What became of one child."""

    call: int
    survived: bool


@dataclass(frozen=True)
class Swept:
    """How many places there were, of how many calls, and of how many kinds."""

    cuts: int
    calls: int
    kinds: int


def cut_at(call: int, work: Callable[[], None], calls: str) -> Cut:
    """Run `work` in a child that dies upon its n-th system call of the kinds named."""
    status = _traced(work, ["-o", "/dev/null", "-e", f"inject={calls}:signal=KILL:when={call}"])
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise RuntimeError(f"the child ended by signal {os.WTERMSIG(status)} at call {call}")
        return Cut(call, survived=False)
    if os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the work failed (exit {os.WEXITSTATUS(status)}) at call {call}")
    return Cut(call, survived=True)


def kinds_of(work: Callable[[], None]) -> Counter[str]:
    """Run `work` once in a child under strace; return how often it made each kind of call."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-trace-") as folder:
        trace = Path(folder) / "trace"
        status = _traced(work, ["-f", "-o", str(trace)])
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
    cuts = sum(_sweep_kind(prepare, work, examine, kind, within_s) for kind in kinds)
    return Swept(cuts, seen.total(), len(kinds))


def _sweep_kind(
    prepare: Callable[[], None],
    work: Callable[[], None],
    examine: Callable[[int], None],
    kind: str,
    within_s: float,
) -> int:
    """Cut at call 1, 2, 3 … of one kind until a run completes; return how many cuts there were."""
    ends_at = time.monotonic() + within_s
    call = 1
    while time.monotonic() < ends_at:
        prepare()
        cut = cut_at(call, work, kind)
        examine(call)
        if cut.survived:
            return call - 1
        call += 1
    raise RuntimeError(f"the sweep did not end within {within_s:g} s, at {kind} number {call}")


def _traced(work: Callable[[], None], options: list[str]) -> int:
    """Run `work` in a child that strace holds from its first call on; return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            code = 0
        except BaseException as error:
            sys.stderr.write(f"the work itself failed: {error!r}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.waitpid(child, os.WUNTRACED)
    with subprocess.Popen(
        ["strace", "-qq", *options, "-p", str(child)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as strace:
        _await_tracer(child)
        os.kill(child, signal.SIGCONT)
        status = _await_end(child)
        strace.wait(ATTACH_S)
    return status


def _await_tracer(child: int) -> None:
    ends_at = time.monotonic() + ATTACH_S
    while time.monotonic() < ends_at:
        with open(f"/proc/{child}/status") as status:
            for line in status:
                if line.startswith("TracerPid:") and line.split()[1] != "0":
                    return
        time.sleep(0.002)
    raise RuntimeError("strace did not take hold of the child")


def _await_end(child: int) -> int:
    ends_at = time.monotonic() + WORK_S
    while time.monotonic() < ends_at:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise RuntimeError("the child hung and was ended")
