"""Sends the agent's log lines to the hub, in batches, in a thread of its own.

It says nothing of its successes, and of its failures only on stderr: a line about sending lines
would have to be sent. A reply that is lost costs a repeated line, never a missing one.
"""

import logging
import random
import threading

from agent.hub_client import HubAway, HubClient, HubTrouble, HubWantsLess
from agent.log_buffer import LogBuffer

log = logging.getLogger(__name__)  # `LogBuffer` leaves this logger out

BATCH_LINES = 500
GATHER_S = 1.0
"""What is logged within so short a time is sent together."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class LogShipping:
    """Sends what a buffer holds. `hub` must be a client that nobody else uses."""

    def __init__(self, buffer: LogBuffer, hub: HubClient) -> None:
        self._buffer = buffer
        self._hub = hub
        self._over = threading.Event()
        self._pending: list[dict[str, str]] = []
        self._size = BATCH_LINES
        self._told_refusal = False
        self._thread = threading.Thread(target=self._run, name="log-shipping", daemon=True)

    def start(self) -> None:
        """Keep what this process logs from now on, and send it."""
        logging.getLogger().addHandler(self._buffer)
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Send what waits and end; what the hub does not take within the time is given up."""
        logging.getLogger().removeHandler(self._buffer)
        self._over.set()
        self._buffer.ring()
        self._thread.join(within_s)

    def _run(self) -> None:
        pause, away = FIRST_PAUSE_S, False
        while True:
            if not self._pending:
                if not self._over.is_set():
                    self._buffer.wait()
                    self._over.wait(GATHER_S)
                self._pending = self._buffer.take(BATCH_LINES)
                if not self._pending and self._over.is_set():
                    return
            try:
                self._send_pending()
            except HubAway as trouble:
                if self._over.is_set():
                    return
                if not away:
                    log.warning("log lines wait: %s", trouble)
                away = True
                # A little unevenly, so that five cameras do not come back all at once.
                uneven = random.uniform(0.7, 1.0)  # noqa: S311 - not a secret
                self._over.wait(trouble.after_s / uneven if trouble.after_s else pause * uneven)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                if away:
                    log.info("log lines go to the hub again")
                pause, away = FIRST_PAUSE_S, False

    def _send_pending(self) -> None:
        """Send all that is pending, in its order. Raises HubAway; what has not gone stays."""
        while self._pending:
            part = self._pending[: self._size]
            try:
                self._hub.send_logs(part)
                self._size = min(self._size * 2, BATCH_LINES)
            except HubAway:
                raise
            except HubWantsLess as trouble:
                if len(part) > 1:
                    self._size = len(part) // 2
                    continue
                self._tell_refusal(part, trouble)
            except HubTrouble as trouble:
                self._tell_refusal(part, trouble)
            del self._pending[: len(part)]

    def _tell_refusal(self, part: list[dict[str, str]], trouble: HubTrouble) -> None:
        if not self._told_refusal:  # once: a hub that refuses one batch may refuse all of them
            log.error("the hub refuses log lines, %d are dropped: %s", len(part), trouble)
        self._told_refusal = True
