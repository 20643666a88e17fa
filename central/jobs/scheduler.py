"""Ticks: APScheduler runs JOBS and rings the workers' bell. The only importer of apscheduler."""

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from central.context import Hub
from central.jobs.house import JOBS, Job

log = logging.getLogger(__name__)

BELL_S = 0.5
"""How often workers look for work: a clip waits half of this on average."""


def start(hub: Hub, ring: Callable[[], None]) -> Callable[[], None]:
    """Start ticking; return what stops it."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(ring, "interval", seconds=BELL_S, id="bell", misfire_grace_time=None)
    for job in JOBS:
        scheduler.add_job(
            _quietly(hub, job),
            "interval",
            seconds=job.every_s,
            id=job.name,
            misfire_grace_time=None,
        )
    scheduler.start()
    return lambda: scheduler.shutdown(wait=True)


def _quietly(hub: Hub, job: Job) -> Callable[[], None]:
    """Wrap a job so that an outage costs two lines, when it starts and when it ends."""
    trouble = ""

    def run() -> None:
        nonlocal trouble
        try:
            job.run(hub)
            if trouble:
                log.info("job %s works again", job.name)
            trouble = ""
        except Exception as error:
            name = type(error).__name__
            if name != trouble:
                known = isinstance(error, SQLAlchemyError | OSError)
                log.warning(
                    "job %s cannot work: %s", job.name, error, exc_info=None if known else error
                )
            trouble = name

    return run
