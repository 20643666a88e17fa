"""JOBS: everything that the hub does on a clock, in one tuple."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from central.audit import log as audit
from central.backup import folder
from central.changes import feed
from central.context import Hub
from central.events import adopt
from central.health import pulse
from central.logs import store
from central.stages import claims
from central.storage import keeper
from central.storage.reconcile import reconcile

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


def make_room(hub: Hub) -> None:
    """Remove what is kept no longer. Says so when room is short and nothing may go."""
    done = keeper.keep(hub)
    if done.events:
        log.info("retention: %d events went", done.events)
    if done.short_bytes:
        raise RuntimeError(
            f"the share is nearly full and {done.short_bytes / 1e9:.2f} GB cannot be freed: "
            f"all that is left must stay {dict(done.staying)}"
        )


def agree_with_share(hub: Hub) -> None:
    """Make database and share agree; what was found is told line by line."""
    report = reconcile(hub)
    for line in report.lines[1:]:
        log.warning("reconcile: %s", line)
    if report.registered:
        log.warning("reconcile: %s", report.lines[0])


def back_up(hub: Hub) -> None:
    """Back the database up once a day, whenever the process was started."""
    place, now = hub.settings.backup_folder, hub.clock()
    newest = folder.every(place)[-1:]
    if newest and now - folder.read(newest[0]).made_at < timedelta(days=1):
        return
    made = folder.make(hub)
    folder.drop_old(place, hub.settings.backups_kept)
    log.info("backed up to %s", made)


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


JOBS: tuple[Job, ...] = (
    Job("expire-leases", 5, expire_leases),
    Job("forget-changes", 3600, forget_changes),
    Job("pulse", pulse.EVERY_S, beat),
    Job("adopt-files", 60, adopt_files),
    Job("retention", 60, make_room),
    Job("backup", 1800, back_up),
    Job("reconcile", 6 * 3600, agree_with_share),
    Job("forget-logs", 60, forget_logs),
    Job("forget-audit", 3600, forget_audit),
)
