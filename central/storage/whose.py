"""Which share a database speaks of. Owner of `known_share`.

Two shares look alike, and an empty mount point looks like a share whose files are all gone. So the
database remembers the marker of its own, and nothing is removed from any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from central.context import Hub
from central.storage.disk import Disk, opened
from database.models import KnownShare
from nfs.share import ShareUnavailable, make_share

_ROWS: Table = KnownShare.__table__  # type: ignore[assignment]


def known(session: Session) -> UUID | None:
    """Return the share of this database, or None when it has none yet."""
    found = session.scalar(select(_ROWS.c.uuid).limit(1))
    return UUID(found) if found else None


def remember(session: Session, share: UUID, now: datetime) -> None:
    """Take a share for this database's own, in place of an earlier one."""
    session.execute(delete(_ROWS).where(_ROWS.c.uuid != str(share)))
    if known(session) is None:
        session.execute(insert(_ROWS).values(uuid=str(share), known_since=now))


def settle(hub: Hub, *, anew: bool = False) -> UUID:
    """Make the share if the database has none yet, and return it.

    `anew` takes what lies there for the share from now on. Raises ShareUnavailable when the share
    of this database is not there: a new one in an empty mount point would hide that for ever.
    """
    root = hub.settings.share_root
    with hub.database.reading() as session:
        ours = known(session)
    if ours is not None and not anew:
        with own_disk(hub):
            return ours
    root.mkdir(parents=True, exist_ok=True)
    share = make_share(root)
    hub.database.write(lambda session: remember(session, share, hub.clock()), idempotent=True)
    return share


@contextmanager
def own_disk(hub: Hub) -> Iterator[Disk]:
    """Open the hub's share, certain that it is this database's. Raises ShareUnavailable."""
    with opened(hub.settings.share_root) as disk:
        with hub.database.reading() as session:
            ours = known(session)
        if ours is None:
            now = hub.clock()
            hub.database.write(lambda session: remember(session, disk.uuid, now), idempotent=True)
        elif ours != disk.uuid:
            raise ShareUnavailable(
                f"another share ({disk.uuid}) is mounted at {disk.root}; this database's is "
                f"{ours}. If it is meant to be: python -m central migrate --new-share"
            )
        yield disk
