"""The second step of a user: set up, confirmed, asked for, switched off, replaced by a code."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from central.accounts import totp
from central.accounts.tokens import new_code, token_hash, typed
from central.audit.log import Actor, record
from central.context import Hub
from central.errors import BadRequest, Conflict
from database.models import RecoveryCode, User

PURPOSE = "second step"
TICKET = "login"
TICKET_LASTS = timedelta(minutes=5)
RECOVERY_CODES = 10


@dataclass(frozen=True)
class SetUp:
    """What a phone must be told: `secret` to type, or `address` as a QR code."""

    secret: str
    address: str


def offer(hub: Hub, user_id: int) -> SetUp:
    """Return the secret that waits to be confirmed, made if need be. Raises Conflict."""
    fresh = totp.new_secret()

    def store(session: Session) -> tuple[str, str]:
        user = session.get_one(User, user_id, with_for_update=True)
        if user.totp_confirmed_at is not None:
            raise Conflict("the second step is on already; switch it off first")
        user.totp_secret = user.totp_secret or hub.secrets.seal(PURPOSE, fresh)
        return user.totp_secret, user.name

    sealed, name = hub.database.write(store)
    secret = hub.secrets.open(PURPOSE, sealed)
    return SetUp(secret, totp.address_for_phone(secret, name))


def confirm(hub: Hub, actor: Actor, user_id: int, code: str) -> list[str]:
    """Switch the second step on, if the phone shows the right code; return recovery codes, once.

    Raises BadRequest and Conflict.
    """
    codes = [new_code(3) for _ in range(RECOVERY_CODES)]
    now = hub.clock()

    def store(session: Session) -> None:
        user = session.get_one(User, user_id, with_for_update=True)
        if user.totp_secret is None or user.totp_confirmed_at is not None:
            raise Conflict("there is no second step that waits to be confirmed")
        secret = hub.secrets.open(PURPOSE, user.totp_secret)
        step = totp.matching_step(secret, code, now, None)
        if step is None:
            raise BadRequest("this is not the code that the phone shows now; is its clock right?")
        user.totp_confirmed_at, user.totp_step = now, step
        session.execute(delete(RecoveryCode).where(RecoveryCode.user == user_id))
        session.add_all(RecoveryCode(user=user_id, code_sha256=token_hash(c)) for c in codes)
        record(session, now, actor, "user.second_step_on", "user", user.name)

    hub.database.write(store)
    return codes


def switch_off(hub: Hub, actor: Actor, user_id: int) -> None:
    """Switch the second step off, for somebody who has just shown the password."""

    def store(session: Session) -> None:
        user = session.get_one(User, user_id)
        user.totp_secret = user.totp_step = user.totp_confirmed_at = None
        session.execute(delete(RecoveryCode).where(RecoveryCode.user == user_id))
        record(session, hub.clock(), actor, "user.second_step_off", "user", user.name)

    hub.database.write(store)


def passes(hub: Hub, user_id: int, code: str) -> bool:
    """Tell whether this code, from the phone or a recovery code, is right; it is used up by that.

    Two that send the same code at once: one of them passes.
    """
    with hub.database.reading() as session:
        user = session.get_one(User, user_id)
    if user.totp_secret is None:
        return False
    secret = hub.secrets.open(PURPOSE, user.totp_secret)
    step = totp.matching_step(secret, code, hub.clock(), user.totp_step)
    if step is not None:
        return hub.database.write(lambda session: _use_step(session, user_id, step))
    digest = token_hash(typed(code))
    return hub.database.write(lambda session: _use_code(session, hub, user_id, digest))


def codes_left(session: Session, user_id: int) -> int:
    """Return how many recovery codes are not used yet."""
    found = session.scalars(
        select(RecoveryCode.id).where(RecoveryCode.user == user_id, RecoveryCode.used_at.is_(None))
    )
    return len(found.all())


def ticket_for(hub: Hub, user: User) -> str:
    """Return what proves for five minutes that the password was right."""
    ends = int((hub.clock() + TICKET_LASTS).timestamp())
    return hub.secrets.seal(TICKET, f"{user.id}:{ends}:{token_hash(user.password_hash)}")


def _use_step(session: Session, user_id: int, step: int) -> bool:
    done = session.execute(
        update(User)
        .where(User.id == user_id, or_(User.totp_step.is_(None), User.totp_step < step))
        .values(totp_step=step)
    )
    return bool(getattr(done, "rowcount", 0) == 1)


def _use_code(session: Session, hub: Hub, user_id: int, digest: str) -> bool:
    done = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user == user_id,
            RecoveryCode.code_sha256 == digest,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=hub.clock())
    )
    return bool(getattr(done, "rowcount", 0) == 1)
