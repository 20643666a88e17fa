"""Appending to the audit log, in the transaction of what is told. Owner of the `audit_entry` rows.

There is no way to change an entry. Old ones are dropped by age alone, and that leaves an entry.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.http.request_ids import CURRENT
from database.engine import Database, is_duplicate
from database.models import AuditEntry

Outcome = Literal["ok", "refused", "failed"]
_ROWS: Table = AuditEntry.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class Actor:
    """Who did it: kind (person, agent, worker, open, command, hub), name, and from where."""

    kind: str
    name: str
    address: str = ""


HUB = Actor("hub", "hub")
COMMAND = Actor("command", "maintainer")
"""Whoever may run commands on the hub's machine."""


def record(
    session: Session,
    now: datetime,
    actor: Actor,
    action: str,
    object_kind: str = "",
    object_id: object = "",
    *,
    outcome: Outcome = "ok",
    detail: dict[str, Any] | None = None,
    once_key: str | None = None,
) -> None:
    """Append an entry; it stands exactly when the caller's transaction does.

    `action` is `<what>.<done>`, such as `user.created`. `detail` holds no secrets.
    """
    session.execute(
        insert(_ROWS).values(
            at=now,
            actor_kind=actor.kind,
            actor=actor.name[:100],
            address=actor.address[:45],
            action=action,
            object_kind=object_kind,
            object_id=str(object_id)[:100],
            outcome=outcome,
            detail=detail,
            request_id=CURRENT.get() or None,
            once_key=once_key,
        )
    )


def record_once(
    database: Database,
    now: datetime,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: object,
    key: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append an entry in a transaction of its own, unless one with this key stands already."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    with database.reading() as session:
        if session.scalar(select(AuditEntry.id).where(AuditEntry.once_key == digest)):
            return
    try:
        database.write(
            lambda session: record(
                session,
                now,
                actor,
                action,
                object_kind,
                object_id,
                detail=detail,
                once_key=digest,
            )
        )
    except IntegrityError as error:
        if not is_duplicate(error):
            raise


def forget_old(session: Session, now: datetime, kept_days: int) -> int:
    """Drop entries older than the house keeps them; return how many."""
    oldest = now - timedelta(days=kept_days)
    result = session.execute(delete(_ROWS).where(_ROWS.c.at < oldest))
    dropped = int(getattr(result, "rowcount", 0))
    if dropped:
        record(
            session,
            now,
            HUB,
            "audit.expired",
            "audit",
            detail={"dropped": dropped, "before": oldest.isoformat()},
        )
    return dropped
