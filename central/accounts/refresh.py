"""Logins of programs: a refresh token works once and gives the next; used twice, all end."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from central.accounts import access_tokens, sessions
from central.accounts.asker import Asker
from central.accounts.tokens import Prefix, new_token, token_hash
from central.audit.log import Actor, record
from central.context import Hub
from central.errors import NotLoggedIn
from database.models import RefreshToken, User

AGAIN = "this refresh token does not work any more; log in again"


@dataclass(frozen=True)
class Pair:
    """What a program gets: a token to show, and one to get the next pair with."""

    access_token: str
    refresh_token: str


def begin(hub: Hub, user: User, where: Asker) -> Pair:
    """Log a program in."""
    family = secrets.token_hex(16)

    def store(session: Session) -> str:
        now = hub.clock()
        session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
        actor = Actor("person", user.name, where.address)
        detail = {"device": where.device, "program": True}
        record(session, now, actor, "login.ok", "user", user.name, detail=detail)
        return _add(session, hub, user.id, family, where)

    refresh_token = hub.database.write(store)
    return Pair(access_tokens.issue(hub, user.id, family), refresh_token)


def renew(hub: Hub, token: str, where: Asker) -> Pair:
    """Exchange a refresh token for the next pair. Raises NotLoggedIn.

    One that was used before may have been stolen: then the whole login ends, for both.
    """
    digest = token_hash(token)

    def store(session: Session) -> tuple[int, str, str] | None:
        now = hub.clock()
        taken = session.execute(
            update(RefreshToken)
            .where(
                RefreshToken.token_sha256 == digest,
                RefreshToken.used_at.is_(None),
                RefreshToken.revoked_at.is_(None),
                RefreshToken.expires_at > now,
            )
            .values(used_at=now)
        )
        row = session.scalar(select(RefreshToken).where(RefreshToken.token_sha256 == digest))
        if row is None:
            return None
        user = session.get_one(User, row.user)
        if getattr(taken, "rowcount", 0) == 1 and user.enabled:
            return user.id, row.family, _add(session, hub, user.id, row.family, where)
        if row.used_at is not None and row.revoked_at is None:
            sessions.end_family(session, row.family, now)
            record(
                session,
                now,
                Actor("person", user.name, where.address),
                "login.token_reused",
                "user",
                user.name,
                outcome="refused",
                detail={"device": where.device},
            )
        return None

    found = hub.database.write(store)
    if found is None:
        raise NotLoggedIn(AGAIN)
    user_id, family, refresh_token = found
    return Pair(access_tokens.issue(hub, user_id, family), refresh_token)


def revoke(hub: Hub, token: str) -> None:
    """End the login that this refresh token belongs to; nothing happens when it is unknown."""

    def store(session: Session) -> None:
        family = session.scalar(
            select(RefreshToken.family).where(RefreshToken.token_sha256 == token_hash(token))
        )
        if family is not None:
            sessions.end_family(session, family, hub.clock())

    hub.database.write(store, idempotent=True)


def is_alive(session: Session, user_id: int, family: str) -> bool:
    """Tell whether the login of these tokens still stands."""
    found = session.scalar(
        select(RefreshToken.id)
        .where(
            RefreshToken.family == family,
            RefreshToken.user == user_id,
            RefreshToken.revoked_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


def _add(session: Session, hub: Hub, user_id: int, family: str, where: Asker) -> str:
    token, now = new_token(Prefix.REFRESH), hub.clock()
    session.add(
        RefreshToken(
            user=user_id,
            family=family,
            token_sha256=token_hash(token),
            created_at=now,
            expires_at=now + timedelta(days=hub.settings.session_days),
            address=where.address,
            device=where.device,
        )
    )
    return token
