"""The lines in the database: stored in batches, found by keyset, forgotten in bites.

Owner of `log_line`. Nothing here counts or reads more than a bounded number of rows, however many
there are: an agent asks every few minutes, and lines are the most numerous rows of the house.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    table,
)
from sqlalchemy.orm import Session

from central.cursor import Place
from central.logs.lines import Line
from database.engine import Database
from database.models import LogLine

ROWS_PER_STATEMENT = 500
COUNTED = 10_000
"""`total` counts so far and no further."""

LOOKED_THROUGH = 100_000
"""Lines that one request for a level or a text looks through; `next` goes on from there."""

BITE = 2000
"""Rows that are forgotten in one transaction: others wait for milliseconds, not for minutes."""

_ROWS: Table = LogLine.__table__  # type: ignore[assignment]

# Without types: the times are converted here, that of arrival once and not once per line.
_INSERT = insert(table(_ROWS.name, *(column(c.name) for c in _ROWS.columns if c.name != "id")))


@dataclass(frozen=True)
class Wanted:
    """Which lines are asked for. None asks for all; `after` is inclusive, UTC."""

    source: str | None = None
    level: str | None = None
    after: datetime | None = None
    text: str | None = None
    request_id: str | None = None
    event_uid: str | None = None

    @property
    def is_sifted(self) -> bool:
        """Whether no index leads to what is wanted: rows must be looked through."""
        return self.level is not None or self.text is not None


@dataclass(frozen=True)
class LinePage:
    """A stretch of lines, newest first, and where the next one begins; None at the end."""

    lines: Sequence[LogLine]
    next: Place | None


def add(database: Database, lines: Sequence[Line], arrived_at: datetime) -> None:
    """Store lines in one transaction, in their order. Raises SQLAlchemyError; then none is."""
    stored_as = _time_writer(database)
    received_at = stored_as(arrived_at)
    rows: list[dict[str, Any]] = [
        {
            "source": line.source,
            "at": stored_as(line.at),
            "received_at": received_at,
            "level": line.level,
            "message": line.message,
            "request_id": line.request_id,
            "event_uid": line.event_uid,
        }
        for line in lines
    ]

    def store(session: Session) -> None:
        left = iter(rows)
        while chunk := list(islice(left, ROWS_PER_STATEMENT)):
            session.execute(_INSERT, chunk)

    database.write(store)


def newest(
    session: Session, wanted: Wanted, limit: int, offset: int = 0, before: Place | None = None
) -> LinePage:
    """Return up to `limit` lines, newest first, after skipping `offset`, all older than `before`.

    Equal times are told apart by id: of one batch, the later entry is the newer line. When a
    level or a text is wanted, a page may be short although `next` says that there is more to see.
    """
    known = [*_known_by_index(wanted), *([_older(before)] if before else [])]
    floor = _floor(session, known) if wanted.is_sifted else None
    query = select(LogLine).where(*known, *_sieve(wanted), *([_not_older(floor)] if floor else []))
    rows = session.scalars(_newest_first(query).limit(limit + 1).offset(offset)).all()
    if len(rows) > limit:
        return LinePage(rows[:limit], Place(rows[limit - 1].at, rows[limit - 1].id))
    return LinePage(rows, floor)


def count(session: Session, wanted: Wanted) -> int:
    """Return how many lines there are, but no more than COUNTED, among those looked through."""
    known = _known_by_index(wanted)
    floor = _floor(session, known) if wanted.is_sifted else None
    some = (
        _newest_first(select(_ROWS.c.id))
        .where(*known, *_sieve(wanted), *([_not_older(floor)] if floor else []))
        .limit(COUNTED)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def forget(database: Database, arrived_before: datetime) -> int:
    """Drop one bite of the lines that arrived earlier than this; return how many they were."""

    def bite(session: Session) -> int:
        due = session.scalars(
            select(_ROWS.c.id)
            .where(_ROWS.c.received_at < arrived_before)
            .order_by(_ROWS.c.received_at)
            .limit(BITE)
        ).all()
        if due:
            session.execute(delete(_ROWS).where(_ROWS.c.id.in_(due)))
        return len(due)

    return database.write(bite, idempotent=True)


def _time_writer(database: Database) -> Callable[[datetime], Any]:
    """Return what turns a moment into what this database's driver is given for it."""
    dialect = database.engine.dialect
    writer = _ROWS.c.at.type.dialect_impl(dialect).bind_processor(dialect)
    if writer is None:
        raise RuntimeError("times are stored as they are: `UtcDateTime` has changed")
    return writer


def _known_by_index(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.after is not None:
        found.append(_ROWS.c.at >= wanted.after)
    if wanted.source is not None:
        # The index finds all that the collation holds for equal; the bytes decide: `Front` is
        # another camera than `front`, on both engines.
        said = wanted.source
        found.append(_ROWS.c.source == said)
        found.append(cast(_ROWS.c.source, LargeBinary) == said.encode())
    if wanted.request_id is not None:
        found.append(_ROWS.c.request_id == wanted.request_id)
    if wanted.event_uid is not None:
        found.append(_ROWS.c.event_uid == wanted.event_uid)
    return found


def _sieve(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.level is not None:
        found.append(_ROWS.c.level == wanted.level)
    if wanted.text is not None:
        found.append(_ROWS.c.message.contains(wanted.text, autoescape=True))
    return found


def _floor(session: Session, known: list[ColumnElement[bool]]) -> Place | None:
    """Return the last line that one request looks through, or None when it can see them all."""
    row = session.execute(
        _newest_first(select(_ROWS.c.at, _ROWS.c.id).where(*known))
        .offset(LOOKED_THROUGH - 1)
        .limit(1)
    ).first()
    return Place(row.at, row.id) if row else None


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(_ROWS.c.at.desc(), _ROWS.c.id.desc())


def _older(place: Place) -> ColumnElement[bool]:
    # Not (a, b) < (?, ?): MariaDB does not use the index for that.
    return and_(_ROWS.c.at <= place.at, or_(_ROWS.c.at < place.at, _ROWS.c.id < place.id))


def _not_older(place: Place) -> ColumnElement[bool]:
    return and_(_ROWS.c.at >= place.at, or_(_ROWS.c.at > place.at, _ROWS.c.id >= place.id))
