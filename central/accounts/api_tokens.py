"""Tokens of programs: a person's own, with chosen rights, and those of workers elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Table, or_, select, update
from sqlalchemy.orm import Session

from central.accounts.permissions import parsed_scopes
from central.accounts.tokens import Prefix, new_token, token_hash
from central.audit.log import Actor, record
from central.context import Hub
from central.errors import BadRequest, NotFound
from database.models import ApiToken

Kind = Literal["personal", "worker"]
PREFIXES: dict[Kind, Prefix] = {"personal": Prefix.PERSONAL, "worker": Prefix.WORKER}
LONGEST_DAYS = 3650
USED_ANEW_AFTER = timedelta(minutes=1)
_ROWS: Table = ApiToken.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class TokenFacts:
    """A token as its owner may see it: never the token itself."""

    id: int
    kind: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def make(
    hub: Hub,
    actor: Actor,
    kind: Kind,
    name: str,
    *,
    user_id: int | None = None,
    scopes: list[str] | None = None,
    days: int | None = None,
) -> tuple[int, str]:
    """Make a token; return its row and, this once, the token. Raises BadRequest."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise BadRequest("give the token a name of 1 to 100 characters, to know it by")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadRequest(f"a token lasts 1 to {LONGEST_DAYS} days, or for ever")
    try:
        rights = sorted(parsed_scopes(scopes or [])) if kind == "personal" else []
    except ValueError as error:
        raise BadRequest(str(error)) from error
    token, now = new_token(PREFIXES[kind]), hub.clock()

    def store(session: Session) -> int:
        row = ApiToken(
            kind=kind,
            user=user_id,
            name=name,
            token_sha256=token_hash(token),
            scopes=[str(right) for right in rights],
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        session.add(row)
        session.flush()
        detail = {"name": name, "scopes": row.scopes, "days": days}
        record(session, now, actor, f"token.{kind}_made", "token", row.id, detail=detail)
        return row.id

    return hub.database.write(store), token


def revoke(hub: Hub, actor: Actor, kind: Kind, token_id: int, user_id: int | None = None) -> None:
    """End a token: a person's own, or any worker's. Raises NotFound."""

    def store(session: Session) -> bool:
        done = session.execute(
            update(_ROWS)
            .where(
                _ROWS.c.id == token_id,
                _ROWS.c.kind == kind,
                _ROWS.c.user == user_id if user_id is not None else _ROWS.c.user.is_(None),
                _ROWS.c.revoked_at.is_(None),
            )
            .values(revoked_at=hub.clock())
        )
        if not getattr(done, "rowcount", 0):
            return False
        record(session, hub.clock(), actor, f"token.{kind}_revoked", "token", token_id)
        return True

    if not hub.database.write(store):
        raise NotFound(f"there is no token {token_id} of yours")


def living(session: Session, kind: Kind, user_id: int | None = None) -> list[TokenFacts]:
    """Return the tokens that were not revoked: a person's, or all of workers. Newest first."""
    mine = ApiToken.user == user_id if user_id is not None else ApiToken.user.is_(None)
    rows = session.scalars(
        select(ApiToken)
        .where(ApiToken.kind == kind, mine, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )
    return [
        TokenFacts(
            row.id,
            row.kind,
            row.name,
            tuple(row.scopes),
            row.created_at,
            row.expires_at,
            row.used_at,
        )
        for row in rows
    ]


def find(session: Session, kind: Kind, token: str, now: datetime) -> ApiToken | None:
    """Return the row of a live token, or None."""
    return session.scalar(
        select(ApiToken).where(
            ApiToken.token_sha256 == token_hash(token),
            ApiToken.kind == kind,
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
        )
    )


def note_used(hub: Hub, row: ApiToken) -> None:
    """Note that a token is in use, to the nearest minute."""
    now = hub.clock()
    if row.used_at is not None and abs(now - row.used_at) < USED_ANEW_AFTER:
        return
    hub.database.write(
        lambda session: session.execute(
            update(_ROWS).where(_ROWS.c.id == row.id).values(used_at=now)
        ),
        idempotent=True,
    )
