"""The share through a child process that can be killed: a hung mount blocks in the kernel.

`GuardedShare` does what `Share` does, and comes back within a limit, whatever the mount does. The
child reports how far it has come, so a large clip over slow Wi-Fi is no hang and silence is one.
A child that has hung is killed; while the kernel does not let it go, no other is begun.
"""

import json
import logging
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from nfs.share import (
    Published,
    Share,
    ShareUnavailable,
    SourceChanged,
    Trouble,
)

log = logging.getLogger(__name__)

SILENCE_S = 20.0
"""No touch of a share that works is silent for so long: a mebibyte is written and synced between
two signs of life, at 52 kB/s."""

DYING_S = 2.0
"""A child that was killed is waited for so long; one in the kernel's hands may need longer."""


@dataclass
class GuardedShare:
    """A share whose every touch has a limit. Use it from one thread."""

    root: Path
    expected_uuid: UUID | None = None
    silence_s: float = SILENCE_S
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _dying: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _heard: bytes = field(default=b"", repr=False)

    def check(self) -> None:
        """As `Share.check`, within the limit. Raises ShareUnavailable."""
        self._ask({"do": "check"})

    def publish(
        self, source: Path, relative: PurePosixPath, expected: Published | None = None
    ) -> Published:
        """As `Share.publish`, within the limit. Raises ShareUnavailable and SourceChanged."""
        asked = {
            "do": "publish",
            "source": str(source),
            "relative": str(relative),
            "expected": [expected.bytes, expected.sha256] if expected else None,
        }
        size_bytes, sha256 = self._ask(asked)["published"]
        return Published(size_bytes, sha256)

    def close(self) -> None:
        """End the child."""
        self._kill()

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        child = self._running()
        try:
            self._say(child, json.dumps(job).encode() + b"\n")
            while True:
                said = self._hear(child)
                if "alive" not in said:
                    break
        except (OSError, ValueError) as error:
            self._kill()
            raise ShareUnavailable(
                f"the share at {self.root}: its watcher ended: {error}"
            ) from error
        if "unavailable" in said:
            raise ShareUnavailable(said["unavailable"], Trouble(said["trouble"]))
        if "changed" in said:
            raise SourceChanged(said["changed"])
        return said

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._dying is not None:
            if self._dying.poll() is None:
                raise self._hung()
            self._forget(self._dying)
            self._dying = None
        if self._child is None or self._child.poll() is not None:
            self._kill()
            words = [str(self.root), str(self.expected_uuid or "")]
            self._child = subprocess.Popen(
                [sys.executable, "-m", "nfs.guard", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        return self._child

    def _say(self, child: "subprocess.Popen[bytes]", line: bytes) -> None:
        if child.stdin is None:
            raise OSError("no way in")
        child.stdin.write(line)

    def _hear(self, child: "subprocess.Popen[bytes]") -> dict[str, Any]:
        """Return the next line of the child. Raises ShareUnavailable when it stays silent."""
        if child.stdout is None:
            raise OSError("no way out")
        ends_at = time.monotonic() + self.silence_s
        while b"\n" not in self._heard:
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or not select.select([child.stdout], [], [], left_s)[0]:
                self._kill()
                raise self._hung()
            piece = os.read(child.stdout.fileno(), 65536)
            if not piece:
                raise OSError("it fell silent")
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _hung(self) -> ShareUnavailable:
        return ShareUnavailable(
            f"the share at {self.root} hangs: it said nothing for {self.silence_s:g} s",
            Trouble.HUNG,
        )

    def _kill(self) -> None:
        child, self._child, self._heard = self._child, None, b""
        if child is None:
            return
        child.kill()
        try:
            child.wait(DYING_S)
        except subprocess.TimeoutExpired:
            self._dying = child  # in the kernel's hands; looked after at the next try
            return
        self._forget(child)

    @staticmethod
    def _forget(child: "subprocess.Popen[bytes]") -> None:
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                stream.close()


def answer(share: Share, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job of a guarded share and return what its parent is told."""
    try:
        if job["do"] == "check":
            share.check()
            return {}
        said = job["expected"]
        done = share.publish(
            Path(job["source"]), PurePosixPath(job["relative"]), Published(*said) if said else None
        )
    except ShareUnavailable as error:
        return {"unavailable": str(error), "trouble": error.trouble}
    except SourceChanged as error:
        return {"changed": str(error)}
    return {"published": [done.bytes, done.sha256]}


def tell(said: dict[str, Any]) -> None:
    """Say a line to the parent."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer jobs until the parent is gone."""
    root, expected = sys.argv[1:3]
    share = Share(
        Path(root), UUID(expected) if expected else None, progress=lambda: tell({"alive": True})
    )
    for line in sys.stdin:
        tell(answer(share, json.loads(line)))


if __name__ == "__main__":
    main()
