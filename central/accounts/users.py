"""Users and their sessions: first admin, login, logout."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.accounts.passwords import hash_password, matches
from central.accounts.tokens import new_token, token_hash
from central.context import Hub
from database.engine import is_duplicate
from database.models import User, UserSession

ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """A user who is logged in."""

    id: int
    name: str
    role: str


def ensure_admin(hub: Hub) -> str | None:
    """Make the first admin when there is no user yet.

    Returns the password that was made up, to be shown once; None when a user stood already or the
    owner has set the password in `GATEHOUSE_ADMIN_PASSWORD`.
    """
    with hub.database.reading() as session:
        if session.scalar(select(User.id).limit(1)) is not None:
            return None
    given = hub.settings.admin_password
    password = given or secrets.token_urlsafe(12)
    row = User(
        name=ADMIN,
        role="admin",
        password_hash=hash_password(password),
        created_at=hub.clock(),
    )
    try:
        hub.database.write(lambda session: session.add(row))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return None
    return None if given else password


def log_in(hub: Hub, name: str, password: str) -> str | None:
    """Return the token of a new session, or None when name or password is wrong."""
    with hub.database.reading() as session:
        user = session.scalar(select(User).where(User.name == name))
    if not matches(user.password_hash if user else None, password) or user is None:
        return None
    token, now = new_token(), hub.clock()
    key = user.id

    def store(session: Session) -> None:
        session.execute(delete(UserSession).where(UserSession.expires_at < now))
        session.add(
            UserSession(
                user=key,
                token_sha256=token_hash(token),
                created_at=now,
                expires_at=now + timedelta(days=hub.settings.session_days),
            )
        )

    hub.database.write(store)
    return token


def log_out(hub: Hub, token: str) -> None:
    """End the session of this token; nothing happens when it had ended already."""
    hub.database.write(
        lambda session: session.execute(
            delete(UserSession).where(UserSession.token_sha256 == token_hash(token))
        ),
        idempotent=True,
    )


def person_of(session: Session, token: str, now: datetime) -> Person | None:
    """Return who is logged in with this token, or None."""
    user = session.scalar(
        select(User)
        .join(UserSession, UserSession.user == User.id)
        .where(UserSession.token_sha256 == token_hash(token), UserSession.expires_at > now)
    )
    return Person(user.id, user.name, user.role) if user else None
