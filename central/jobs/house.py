"""JOBS: everything that the hub does on a clock, in one tuple."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from central.audit import log as audit
from central.changes import feed
from central.context import Hub
from central.stages import claims

log = logging.getLogger(__name__)


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


def forget_audit(hub: Hub) -> None:
    """Drop entries of the audit log that are older than the house keeps them."""
    kept = hub.settings.audit_days
    hub.database.write(lambda session: audit.forget_old(session, hub.clock(), kept))


JOBS: tuple[Job, ...] = (
    Job("expire-leases", 5, expire_leases),
    Job("forget-changes", 3600, forget_changes),
    Job("forget-audit", 3600, forget_audit),
)
