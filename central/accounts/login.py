"""Logging in: the password, the second step, and a session. Every try is counted and told."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.accounts import second_step, sessions, users
from central.accounts.asker import Asker
from central.accounts.limits import LOGIN_ACCOUNT, LOGIN_ADDRESS, SECOND_STEP, Limits, Rule
from central.accounts.passwords import LONGEST, matches
from central.accounts.tokens import same, token_hash
from central.audit.log import Actor, record, record_once
from central.context import Hub
from central.errors import NotLoggedIn, TooMany
from central.secrets import SecretsError
from database.models import User, UserSession

WRONG = "Name or password is wrong."
WRONG_CODE = "This code is wrong, or was used already."
TOO_LATE = "That took too long. Enter name and password again."
NOWHERE = Asker("", "")


def check_password(hub: Hub, limits: Limits, where: Asker, name: str, password: str) -> User:
    """Return the user, who may log in with this password. Raises NotLoggedIn and TooMany.

    A name nobody has costs as much time, and counts as much, as one that somebody has. An address
    is counted when it fails: many people, and programs that log in often, may share one.
    """
    name = name.strip()
    with _told_once(hub, LOGIN_ADDRESS, where.address, where):
        limits.must_have_room(LOGIN_ADDRESS, where.address, "wrong passwords from this address")
    with _told_once(hub, LOGIN_ACCOUNT, name.lower()[:100], where):
        limits.count(LOGIN_ACCOUNT, name.lower()[:100], "tries to log in")
    with hub.database.reading() as session:
        user = users.named(session, name) if 0 < len(name) <= 100 else None
    digest = user.password_hash if user else None
    right = matches(digest, password[: LONGEST + 1]) and len(password) <= LONGEST
    if not right or user is None or not user.enabled:
        with suppress(TooMany):
            limits.count(LOGIN_ADDRESS, where.address, "wrong passwords from this address")
        _tell_refusal(hub, where, user, "disabled" if right else "password")
        raise NotLoggedIn(WRONG)
    limits.forgive(LOGIN_ACCOUNT, name.lower()[:100])
    return user


def check_code(hub: Hub, limits: Limits, where: Asker, user: User, code: str) -> None:
    """Raise NotLoggedIn unless the code is right for this user, and TooMany after many tries."""
    with _told_once(hub, SECOND_STEP, str(user.id), where):
        limits.count(SECOND_STEP, str(user.id), "wrong codes")
    if not second_step.passes(hub, user.id, code):
        _tell_refusal(hub, where, user, "second step")
        raise NotLoggedIn(WRONG_CODE)
    limits.forgive(SECOND_STEP, str(user.id))


def user_of_ticket(hub: Hub, ticket: str) -> User:
    """Return the user whose password was right a moment ago. Raises NotLoggedIn."""
    try:
        key, ends, fingerprint = hub.secrets.open(second_step.TICKET, ticket).split(":")
    except SecretsError as error:
        raise NotLoggedIn(TOO_LATE) from error
    with hub.database.reading() as session:
        user = session.get(User, int(key))
    if (
        user is None
        or not user.enabled
        or int(ends) < hub.clock().timestamp()
        or not same(token_hash(user.password_hash), fingerprint)
    ):
        raise NotLoggedIn(TOO_LATE)
    return user


def begin_session(hub: Hub, user: User, where: Asker, old_token: str = "") -> str:
    """Begin a session and return its token; the one that this browser had before ends."""

    def store(session: Session) -> str:
        old = session.scalar(
            select(UserSession).where(UserSession.token_sha256 == token_hash(old_token))
        )
        if old is not None:
            session.delete(old)
        token = sessions.begin(session, hub, user.id, where)
        actor = Actor("person", user.name, where.address)
        record(
            session,
            hub.clock(),
            actor,
            "login.ok",
            "user",
            user.name,
            detail={"device": where.device},
        )
        return token

    return hub.database.write(store)


def log_in(hub: Hub, name: str, password: str) -> str | None:
    """Return the token of a new session, or None; for programs on the hub's own machine."""
    try:
        user = check_password(hub, Limits(), NOWHERE, name, password)
    except NotLoggedIn:
        return None
    return begin_session(hub, user, NOWHERE)


@contextmanager
def _told_once(hub: Hub, rule: Rule, key: str, where: Asker) -> Iterator[None]:
    """Note it, once in a window, when somebody tried too often."""
    try:
        yield
    except TooMany:
        window = int(hub.clock().timestamp() // (rule.minutes * 60))
        actor = Actor("person", "?", where.address)
        told = f"throttled|{rule.name}|{key}|{where.address}|{window}"
        record_once(hub.database, hub.clock(), actor, "login.throttled", "rule", rule.name, told)
        raise


def _tell_refusal(hub: Hub, where: Asker, user: User | None, why: str) -> None:
    """Note a refused login. What was typed is not kept: it may be a password in the wrong field."""
    name = user.name if user else "(unknown)"
    actor = Actor("person", "?", where.address)
    hub.database.write(
        lambda session: record(
            session,
            hub.clock(),
            actor,
            "login.refused",
            "user",
            name,
            outcome="refused",
            detail={"why": why, "device": where.device},
        )
    )
