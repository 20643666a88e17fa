"""Telling systemd that the agent is ready and alive. Does nothing where nobody listens."""

import os
import socket
import time

LEAST_PAUSE_S = 1.0


class Watched:
    """What systemd is told of this process. `$NOTIFY_SOCKET` says where, if it listens at all."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._told_at = 0.0

    def ready(self, what: str) -> None:
        """Say that the process does its work now; `what` is shown by `systemctl status`."""
        self._tell(f"READY=1\nSTATUS={what}\nWATCHDOG=1")

    def alive(self) -> None:
        """Say that the process still turns; cheap enough to be said in every turn."""
        if self._address and time.monotonic() - self._told_at >= LEAST_PAUSE_S:
            self._told_at = time.monotonic()
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the process has begun to end."""
        self._tell("STOPPING=1")

    def _tell(self, states: str) -> None:
        if not self._address:
            return
        place = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            try:
                line.sendto(states.encode(), place)
            except OSError:
                return  # it asks again in a moment, or nobody is there: not our trouble
