"""JOBS: everything that the hub does on a clock, in one tuple."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from central.audit import log as audit
from central.changes import feed
from central.context import Hub
from central.events import adopt
from central.health import pulse
from central.logs import store
from central.stages import claims, workers

log = logging.getLogger(__name__)

FORGET_LOGS_S = 2.0
"""Then it pauses until its next time: the process must be able to end, and others to work."""

BETWEEN_BITES_S = 0.02


@dataclass(frozen=True)
class Job:
    """Something done every `every_s` seconds."""

    name: str
    every_s: float
    run: Callable[[Hub], None]


def expire_leases(hub: Hub) -> None:
    """Take back what dead or hung workers still hold."""
    for held in hub.database.write(claims.expire, idempotent=True):
        log.warning(
            "%s of event %d taken back: the lease of %s ran out",
            held.stage,
            held.event_id,
            held.owner,
        )


def forget_changes(hub: Hub) -> None:
    """Drop hints nobody can resume from any more."""
    hub.database.write(lambda session: feed.forget_old(session, hub.clock()), idempotent=True)


def adopt_files(hub: Hub) -> None:
    """Give files of old agents that nobody told of to their events."""
    adopt.adopt(hub)


def forget_logs(hub: Hub) -> None:
    """Drop the log lines that are older than the owner wants, for at most FORGET_LOGS_S."""
    arrived_before = hub.clock() - timedelta(days=hub.settings.log_days)
    ends_at = time.monotonic() + FORGET_LOGS_S
    while time.monotonic() < ends_at and store.forget(hub.database, arrived_before) == store.BITE:
        time.sleep(BETWEEN_BITES_S)


def beat(hub: Hub) -> None:
    """Show that the jobs live."""
    pulse.beat(hub.database, "jobs", hub.clock())


def forget_audit(hub: Hub) -> None:
    """Drop entries of the audit log that are older than the house keeps them."""
    kept = hub.settings.audit_days
    hub.database.write(lambda session: audit.forget_old(session, hub.clock(), kept))


def forget_workers(hub: Hub) -> None:
    """Drop workers that have not been heard of for long."""
    hub.database.write(lambda session: workers.forget_old(session, hub.clock()), idempotent=True)


JOBS: tuple[Job, ...] = (
    Job("expire-leases", 5, expire_leases),
    Job("forget-changes", 3600, forget_changes),
    Job("pulse", pulse.EVERY_S, beat),
    Job("adopt-files", 60, adopt_files),
    Job("forget-workers", 3600, forget_workers),
    Job("forget-logs", 60, forget_logs),
    Job("forget-audit", 3600, forget_audit),
)
