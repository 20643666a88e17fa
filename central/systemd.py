"""Telling systemd that a process is ready and alive. Does nothing where nobody listens."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI

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


def watched(app: FastAPI) -> FastAPI:
    """Let systemd know when this application serves, and that its loop turns."""
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        systemd = Watched()

        async def turn() -> None:
            while True:
                systemd.alive()
                await asyncio.sleep(LEAST_PAUSE_S)

        async with inner(served):
            systemd.ready("serving")
            turning = asyncio.create_task(turn())
            try:
                yield
            finally:
                systemd.stopping()
                turning.cancel()

    app.router.lifespan_context = lifespan
    return app
