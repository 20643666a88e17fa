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
    stop_ticking = scheduler.start(hub, crew.wake)
    log.info("jobs are running, %d workers convert", len(converters))
    over.wait()
    stop_ticking()
    crew.stop()
    for converter in converters:
        converter.close()
    log.info("jobs have ended")
