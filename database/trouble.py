"""What a database error means for who must mend it. Pure."""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from database.engine import KnownAway


class Trouble(StrEnum):
    """What is wrong, by name."""

    AWAY = "away"
    FULL = "full"
    READ_ONLY = "read-only"
    BUSY = "busy"
    OTHER = "other"


_MARIADB = {
    1021: Trouble.FULL,  # disk full, waiting for someone to free some space
    1114: Trouble.FULL,  # the table is full
    1290: Trouble.READ_ONLY,  # --read-only
    1036: Trouble.READ_ONLY,  # table is read only
    1792: Trouble.READ_ONLY,  # read only transaction
    1205: Trouble.BUSY,
    1213: Trouble.BUSY,
    1040: Trouble.BUSY,  # too many connections
    **dict.fromkeys((0, 1053, 2002, 2003, 2006, 2013, 2055), Trouble.AWAY),
}
_SQLITE = {
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_BUSY": Trouble.BUSY,
    "SQLITE_LOCKED": Trouble.BUSY,
    "SQLITE_CANTOPEN": Trouble.AWAY,
    "SQLITE_IOERR": Trouble.AWAY,
}
_ENOSPC = ("Errcode: 28", "error: 28", "errno: 28", "No space left on device")


def trouble_of(error: SQLAlchemyError) -> Trouble:
    """Return what an error of either engine means."""
    if isinstance(error, KnownAway):
        return Trouble.AWAY
    if isinstance(error, PoolTimeout):
        return Trouble.BUSY
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", None) or ""
        return next(
            (trouble for start, trouble in _SQLITE.items() if name.startswith(start)),
            Trouble.OTHER,
        )
    if original is None:
        return Trouble.OTHER
    if any(sign in str(original) for sign in _ENOSPC):
        return Trouble.FULL  # the server's own words for a write that failed below
    code = original.args[0] if original.args else None
    return _MARIADB.get(code, Trouble.OTHER) if isinstance(code, int) else Trouble.OTHER
