"""Putting a backup back: what stands is backed up first, and what the share knows more comes back.

Order: read and hash the backup · see that nobody uses the database · back up what stands · load ·
migrate · reconcile with the share, which may be newer · check.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from central.backup import folder
from central.context import Hub
from central.storage.check import Violation, violations
from central.storage.reconcile import Refused, Report, reconcile
from database import copy
from database.copy import CopyFailed
from database.migrate import known_revisions, upgrade
from nfs.share import ShareUnavailable


@dataclass(frozen=True)
class Restored:
    """What came of it: where the former state lies, what the share added, what is amiss."""

    before: Path | None
    head: str
    report: Report | None
    trouble: str
    violation: Violation | None


def restore(hub: Hub, backup: Path) -> Restored:
    """Put a backup in the place of the database. Raises CopyFailed, having changed nothing."""
    page = folder.read(backup)
    if page.engine != ("sqlite" if hub.database.is_sqlite else "mariadb"):
        raise CopyFailed(f"this is a backup of {page.engine}; the database is not")
    if page.revision not in known_revisions():
        raise CopyFailed(
            f"the backup is of a newer Gatehouse ({page.software}, {page.revision}): upgrade first"
        )
    before = _keep_what_stands(hub)
    try:
        copy.load(hub.database, backup / page.database.name)
    except copy.InUse:
        raise
    except CopyFailed as error:
        raise CopyFailed(f"{error}. The former state is in {before}") from error
    head = upgrade(hub.database)
    try:
        report, trouble = reconcile(hub), ""
    except (Refused, ShareUnavailable, OSError) as error:
        return Restored(before, head, None, str(error), None)
    return Restored(before, head, report, trouble, next(violations(hub), None))


def _keep_what_stands(hub: Hub) -> Path | None:
    """Back up what is about to be replaced; None when there is nothing that could be."""
    try:
        return folder.make(hub)
    except (CopyFailed, SQLAlchemyError):
        return None
