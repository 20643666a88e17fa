"""A power cut at the n-th system call: strace kills a real process there, for n = 1, 2, 3 …

The process under test imports everything, then forks a child for each n. The child stops itself
just before the work; strace takes hold of it, counts every system call from there on, and kills it
with SIGKILL upon the n-th. The sweep ends with the first child that gets through alive.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

ATTACH_S = 10.0
WORK_S = 60.0
ALL = "all"


@dataclass(frozen=True)
class Cut:
    """What became of one child."""

    call: int
    survived: bool


def cut_at(call: int, work: Callable[[], None], calls: str = ALL) -> Cut:
    """Run `work` in a child that dies upon its n-th system call of the kinds named."""
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
    inject = f"inject={calls}:signal=KILL:when={call}"
    with subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", "-p", str(child), "-e", inject],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as strace:
        _await_tracer(child)
        os.kill(child, signal.SIGCONT)
        status = _await_end(child)
        strace.wait(ATTACH_S)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise RuntimeError(f"the child ended by signal {os.WTERMSIG(status)} at call {call}")
        return Cut(call, survived=False)
    if os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the work failed (exit {os.WEXITSTATUS(status)}) at call {call}")
    return Cut(call, survived=True)


def sweep(
    prepare: Callable[[], None],
    work: Callable[[], None],
    examine: Callable[[int], None],
    *,
    calls: str = ALL,
    step: int = 1,
    within_s: float = 600,
) -> int:
    """Cut at call 1, 2, 3 … until one run completes; return how many cuts there were.

    Before each run `prepare`, after each cut `examine`, which raises when something is amiss.
    """
    ends_at = time.monotonic() + within_s
    call, cuts = 1, 0
    while True:
        prepare()
        cut = cut_at(call, work, calls)
        examine(call)
        if cut.survived:
            return cuts
        cuts += 1
        call += step
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the sweep did not end within {within_s:g} s, at call {call}")


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
