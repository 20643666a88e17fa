"""`python -m central jobs`: the process that works through the stages and keeps house."""

import logging
import os
import signal
import socket
import threading

from central.context import Hub
from central.jobs import scheduler
from central.media.convert import Converter
from central.stages.lifecycle import Stage
from central.stages.runner import Crew, Worker
from central.systemd import Watched

log = logging.getLogger(__name__)


def run(hub: Hub) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished first."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    converters = [Converter(hub) for _ in range(hub.settings.convert_workers)]
    here = f"{socket.gethostname()}:{os.getpid()}"
    crew = Crew(
        [
            Worker(
                hub.database,
                Stage.CONVERT,
                f"jobs@{here}/{number}",
                converter,
                hub.settings.lease_s,
            )
            for number, converter in enumerate(converters, start=1)
        ]
    )
    crew.start()
    systemd = Watched()

    def ring() -> None:
        crew.wake()
        if sum(thread.name.startswith("worker-") for thread in threading.enumerate()) >= len(
            converters
        ):
            systemd.alive()  # said by the clock itself, and only while all workers live

    stop_ticking = scheduler.start(hub, ring)
    log.info("jobs are running, %d workers convert", len(converters))
    systemd.ready(f"{len(converters)} workers convert")
    over.wait()
    systemd.stopping()
    stop_ticking()
    crew.stop()
    for converter in converters:
        converter.close()
    log.info("jobs have ended")
