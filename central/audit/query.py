"""Searching the audit log, newest first, by keyset. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from central.context import Hub
from database.models import AuditEntry

BATCH = 1000


@dataclass(frozen=True)
class Search:
    """What to look for; None or an empty text: anything. Times are UTC, `until` not included."""

    actor: str = ""
    action: str = ""
    about: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """Who did what, when, from where, to what, and how it went."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    address: str
    action: str
    object_kind: str
    object_id: str
    outcome: str
    detail: dict[str, Any] | None
    request_id: str | None


def newest(session: Session, search: Search, limit: int, before: int | None = None) -> list[Entry]:
    """Return entries, newest first, with ids below `before`."""
    wanted = select(AuditEntry).where(*_conditions(search)).order_by(AuditEntry.id.desc())
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return [_entry(row) for row in session.scalars(wanted.limit(limit))]


def walk(hub: Hub, search: Search) -> Iterator[Entry]:
    """Yield every entry that is found, newest first; no query or session lasts while one waits."""
    before: int | None = None
    while True:
        with hub.database.reading() as session:
            batch = newest(session, search, BATCH, before)
        yield from batch
        if len(batch) < BATCH:
            return
        before = batch[-1].id


def actions(session: Session) -> list[str]:
    """Return the actions that were ever noted, for a list to choose from."""
    return list(session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)))


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.actor:
        found.append(AuditEntry.actor == search.actor)
    if search.action:
        found.append(AuditEntry.action.startswith(search.action, autoescape=True))
    if search.about:
        kind, _, key = search.about.partition(":")
        found.append(AuditEntry.object_id == (key or kind))
        if key:
            found.append(AuditEntry.object_kind == kind)
    if search.outcome:
        found.append(AuditEntry.outcome == search.outcome)
    if search.since is not None:
        found.append(AuditEntry.at >= search.since)
    if search.until is not None:
        found.append(AuditEntry.at < search.until)
    return found


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        row.id,
        row.at,
        row.actor_kind,
        row.actor,
        row.address,
        row.action,
        row.object_kind,
        row.object_id,
        row.outcome,
        row.detail,
        row.request_id,
    )
