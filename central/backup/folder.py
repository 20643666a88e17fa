"""A backup is a dated folder: the database's copy, and a page that says what it is and its hash.

It appears by rename, whole or not at all. Footage is not in it, nor is any secret: the share has
the footage, and a backup often lies where others can read it.
"""

import hashlib
import os
import re
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import text

from central.context import Hub
from central.storage.whose import known
from central.version import VERSION
from database import copy
from database.copy import CopyFailed
from nfs import durable

CUT_OFF_AFTER_S = 86400.0
"""An unfinished backup that has not grown for so long will never be finished."""

PAGE_NAME = "backup.json"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")


class CopiedFile(BaseModel):
    """A file of the backup and what it must hash to."""

    model_config = ConfigDict(frozen=True)

    name: str
    bytes: int
    sha256: str


class Backup(BaseModel):
    """What a backup says of itself. `revision` is the newest migration that it holds."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    made_at: AwareDatetime
    engine: Literal["sqlite", "mariadb"]
    revision: str
    software: str
    share: UUID | None
    database: CopiedFile


def make(hub: Hub, folder: Path | None = None) -> Path:
    """Back the database up, while it is in use, into a folder named by the time; return it.

    Raises CopyFailed and OSError; then there is no new folder.
    """
    place = folder or hub.settings.backup_folder
    place.mkdir(parents=True, exist_ok=True)
    part = _free(place, hub.clock(), ".part")
    part.mkdir(mode=0o700)
    try:
        made_at = hub.clock()
        file = copy.dump(hub.database, part)
        page = Backup(
            made_at=made_at,
            engine="sqlite" if hub.database.is_sqlite else "mariadb",
            revision=_revision(hub),
            software=VERSION,
            share=_share(hub),
            database=_describe(file),
        )
        durable.write(part / PAGE_NAME, page.model_dump_json(indent=2).encode())
        done = _free(place, made_at)
        part.rename(done)
        durable.sync_folder(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return done


def read(folder: Path) -> Backup:
    """Return what a backup says, having held its file against its hash. Raises CopyFailed."""
    try:
        page = Backup.model_validate_json((folder / PAGE_NAME).read_bytes())
        found = _describe(folder / Path(page.database.name).name)
    except (OSError, ValueError) as error:
        raise CopyFailed(f"{folder} is no backup that can be read: {error}") from error
    if found != page.database:
        raise CopyFailed(f"{folder / found.name} is not what was backed up: it has changed since")
    return page


def every(place: Path) -> list[Path]:
    """Return all backups in a folder, oldest first."""
    if not place.is_dir():
        return []
    return sorted(
        path
        for path in place.iterdir()
        if NAME.fullmatch(path.name) and (path / PAGE_NAME).is_file()
    )


def drop_old(place: Path, kept: int) -> list[Path]:
    """Remove all but the newest `kept` backups, and what cut-off ones left; return what went."""
    going = every(place)[:-kept] if kept else []
    long_ago = time.time() - CUT_OFF_AFTER_S
    going += [
        path
        for path in place.glob("*.part")
        if NAME.fullmatch(path.stem) and path.stat().st_mtime < long_ago
    ]
    for path in going:
        shutil.rmtree(path)
    return going


def _free(place: Path, at: datetime, suffix: str = "") -> Path:
    stem = at.strftime(STAMP)
    for number in range(1000):
        found = place / f"{stem}{f'-{number}' if number else ''}{suffix}"
        if not os.path.lexists(found):
            return found
    raise CopyFailed(f"{place} is full of backups of this second")


def _describe(file: Path) -> CopiedFile:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return CopiedFile(name=file.name, bytes=content.tell(), sha256=digest)


def _revision(hub: Hub) -> str:
    with hub.database.reading() as session:
        return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _share(hub: Hub) -> UUID | None:
    with hub.database.reading() as session:
        return known(session)
