"""What is wrong with this hub, in lines a maintainer can act on."""

import shutil
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from central.context import Hub
from central.health import pulse
from database.migrate import at_head
from database.trouble import Trouble, trouble_of
from nfs.layout import MARKER_NAME

LOW_DISK = 0.10
JOBS_SILENT = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    wrong: bool
    line: str


def examine(hub: Hub) -> list[Finding]:
    """Look at database, share, disk and tools."""
    looks = (_database, _schema, _writes, _jobs, _share, _disk)
    return [*(look(hub) for look in looks), _ffmpeg()]


def _good(what: str) -> Finding:
    return Finding(False, f"ok     {what}")


def _bad(what: str, mend: str) -> Finding:
    return Finding(True, f"WRONG  {what}. Mend: {mend}")


def _database(hub: Hub) -> Finding:
    try:
        with hub.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        return _bad(
            f"the database does not answer: {reason}",
            "start it or check GATEHOUSE_DATABASE_URL; on a new machine: python -m central migrate",
        )
    return _good(f"database {hub.database.engine.dialect.name} answers")


def _schema(hub: Hub) -> Finding:
    try:
        if at_head(hub.database):
            return _good("database schema is up to date")
    except SQLAlchemyError:
        pass
    return _bad("the database schema is not up to date", "python -m central migrate")


def _writes(hub: Hub) -> Finding:
    try:
        pulse.beat(hub.database, "doctor", hub.clock())
    except SQLAlchemyError as error:
        trouble = trouble_of(error)
        mend = "free some space where its files lie" if trouble is Trouble.FULL else "see its log"
        return _bad(f"the database takes no writes ({trouble})", mend)
    return _good("the database takes writes")


def _jobs(hub: Hub) -> Finding:
    try:
        with hub.database.reading() as session:
            beaten_at = pulse.last(session, "jobs")
    except SQLAlchemyError:
        beaten_at = None
    if beaten_at is None or hub.clock() - beaten_at > JOBS_SILENT:
        since = f"since {beaten_at:%Y-%m-%d %H:%M:%SZ}" if beaten_at else "yet"
        return _bad(f"the jobs have not run {since}", "start them: python -m central jobs")
    return _good("the jobs are running")


def _share(hub: Hub) -> Finding:
    root = hub.settings.share_root
    if (root / MARKER_NAME).is_file():
        return _good(f"share is at {root}")
    return _bad(f"there is no share at {root}", "mount it, or: python -m central migrate")


def _disk(hub: Hub) -> Finding:
    try:
        usage = shutil.disk_usage(hub.settings.share_root)
    except OSError as error:
        return _bad(f"the disk of the share cannot be asked: {error}", "mount it")
    free = usage.free / usage.total
    if free < LOW_DISK:
        return _bad(f"only {free:.0%} of the share's disk is free", "delete footage or add space")
    return _good(f"{free:.0%} of the share's disk is free")


def _ffmpeg() -> Finding:
    if shutil.which("ffmpeg") and shutil.which("ffprobe"):
        return _good("ffmpeg is installed")
    return _bad("ffmpeg is missing", "apt install ffmpeg")
