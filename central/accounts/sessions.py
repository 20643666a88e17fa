"""Sessions of people in browsers: begun, seen, listed, ended. Owner of the `user_session` rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from central.accounts.asker import Asker
from central.accounts.tokens import new_token, token_hash
from central.context import Hub
from database.models import RefreshToken, User, UserSession

SEEN_ANEW_AFTER = timedelta(minutes=1)
_ROWS: Table = UserSession.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class Login:
    """One login: a browser's session, or the family of a program's refresh tokens."""

    id: int
    is_program: bool
    address: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def begin(session: Session, hub: Hub, user_id: int, where: Asker) -> str:
    """Begin a session and return its token. It is never one that somebody has chosen."""
    token, now = new_token(), hub.clock()
    session.execute(delete(_ROWS).where(_ROWS.c.expires_at < now))
    session.add(
        UserSession(
            user=user_id,
            token_sha256=token_hash(token),
            created_at=now,
            expires_at=now + timedelta(days=hub.settings.session_days),
            seen_at=now,
            address=where.address,
            device=where.device,
        )
    )
    return token


def find(session: Session, hub: Hub, token: str) -> tuple[UserSession, User] | None:
    """Return the live session of this token and its user, who may still log in; or None."""
    now = hub.clock()
    found = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user)
        .where(
            UserSession.token_sha256 == token_hash(token),
            UserSession.expires_at > now,
            UserSession.seen_at > now - timedelta(days=hub.settings.session_idle_days),
            User.enabled,
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def is_alive(hub: Hub, session_id: int) -> bool:
    """Tell whether a session still stands, and its user may still log in."""
    now = hub.clock()
    with hub.database.reading() as session:
        found = session.scalar(
            select(UserSession.id)
            .join(User, User.id == UserSession.user)
            .where(UserSession.id == session_id, UserSession.expires_at > now, User.enabled)
        )
    return found is not None


def note_seen(hub: Hub, row: UserSession) -> None:
    """Note that a session is in use, to the nearest minute."""
    now = hub.clock()
    if abs(now - row.seen_at) < SEEN_ANEW_AFTER:
        return
    hub.database.write(
        lambda session: session.execute(
            update(_ROWS).where(_ROWS.c.id == row.id).values(seen_at=now)
        ),
        idempotent=True,
    )


def of_user(session: Session, user_id: int, now: datetime) -> list[Login]:
    """Return all logins of a user that stand, seen last first."""
    browsers = session.scalars(
        select(UserSession).where(UserSession.user == user_id, UserSession.expires_at > now)
    )
    programs = session.scalars(
        select(RefreshToken).where(
            RefreshToken.user == user_id,
            RefreshToken.expires_at > now,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
        )
    )
    found = [
        Login(row.id, False, row.address, row.device, row.created_at, row.seen_at, row.expires_at)
        for row in browsers
    ] + [
        Login(row.id, True, row.address, row.device, row.created_at, row.created_at, row.expires_at)
        for row in programs
    ]
    return sorted(found, key=lambda login: login.seen_at, reverse=True)


def end(session: Session, user_id: int, session_id: int) -> bool:
    """End one session of this user; tell whether there was one."""
    done = session.execute(delete(_ROWS).where(_ROWS.c.id == session_id, _ROWS.c.user == user_id))
    return bool(getattr(done, "rowcount", 0))


def end_program(session: Session, user_id: int, row_id: int, now: datetime) -> bool:
    """End the login of a program of this user, by any token of its family."""
    family = session.scalar(
        select(RefreshToken.family).where(RefreshToken.id == row_id, RefreshToken.user == user_id)
    )
    if family is None:
        return False
    end_family(session, family, now)
    return True


def end_family(session: Session, family: str, now: datetime) -> None:
    """End the login of a program: no token of this family works any more."""
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def end_all(session: Session, user_id: int, now: datetime, *, but: int = 0) -> None:
    """End every login of this user, in browsers and programs, except one session."""
    session.execute(delete(_ROWS).where(_ROWS.c.user == user_id, _ROWS.c.id != but))
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.user == user_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
