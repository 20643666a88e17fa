"""The parent's end of the muxing child: gives it jobs, ends it when it hangs."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any


class ChildFailed(Exception):
    """The child died or hung over a job. The text is shown to the owner."""


class Child:
    """One lasting child process that answers a JSON line to a JSON line. One user at a time."""

    def __init__(self, module: str, timeout_s: float) -> None:
        self._module = module
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Give the job to the child and return its answer. Raises ChildFailed."""
        with self._lock:
            process = self._running()
            try:
                line = self._exchange(process, json.dumps(job).encode() + b"\n")
            except OSError as error:
                self._kill()
                raise ChildFailed(f"the media process ended: {error}") from error
            if line is None:
                code = self._kill()
                raise ChildFailed(f"the media process died over this clip (exit {code})")
            answer: dict[str, Any] = json.loads(line)
            return answer

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes) -> bytes | None:
        """Return the answer without its newline, or None when the child died."""
        if process.stdin is None or process.stdout is None:
            return None
        process.stdin.write(line)
        answer = b""
        ends_at = time.monotonic() + self._timeout_s
        while not answer.endswith(b"\n"):
            left = ends_at - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                self._kill()
                raise ChildFailed(f"the media process hung for {self._timeout_s:g} s and was ended")
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return None
            answer += piece
        return answer

    def _kill(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        return code
