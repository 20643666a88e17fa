"""Enrolment: a code that an admin makes, and a camera's agent exchanges for its token, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from agent.contract import CameraRegistration
from central.accounts import agent_tokens
from central.accounts.agent_tokens import NewToken
from central.accounts.tokens import new_code, token_hash, typed
from central.audit.log import Actor, record
from central.context import Hub
from central.errors import NotFound
from database.models import Enrolment

LASTS = timedelta(minutes=15)
GROUPS = 3
"""Three groups of four letters: 59 bits for a quarter of an hour, with ten tries an address."""

REFUSAL = "this enrolment code is unknown, used or too old; make a new one on the hub"


@dataclass(frozen=True)
class Enrolled:
    """What an agent gets for its code."""

    camera_id: str
    camera_name: str
    made: NewToken


def make(hub: Hub, actor: Actor, camera_id: str, camera_name: str) -> str:
    """Make a code for this camera and return it, this once. Earlier ones stop working.

    Raises ValueError for an id or name that no camera may have.
    """
    CameraRegistration(camera_id=camera_id, name=camera_name, location="-", ip_address="")
    code, now = new_code(GROUPS), hub.clock()

    def store(session: Session) -> None:
        session.execute(
            delete(Enrolment).where(Enrolment.camera_id == camera_id, Enrolment.used_at.is_(None))
        )
        session.add(
            Enrolment(
                camera_id=camera_id,
                camera_name=camera_name,
                code_sha256=token_hash(code),
                made_by=actor.name,
                created_at=now,
                expires_at=now + LASTS,
            )
        )
        record(session, now, actor, "enrolment.made", "camera", camera_id)

    hub.database.write(store)
    return code


def redeem(hub: Hub, code: str, address: str) -> Enrolled:
    """Exchange a code for the camera's token; earlier tokens of this camera end. Raises NotFound.

    Two that send the same code at once: one of them gets a token.
    """
    digest, made = token_hash(typed(code)), NewToken.random()

    def store(session: Session) -> Enrolled | None:
        now = hub.clock()
        taken = session.execute(
            update(Enrolment)
            .where(
                Enrolment.code_sha256 == digest,
                Enrolment.used_at.is_(None),
                Enrolment.expires_at > now,
            )
            .values(used_at=now)
        )
        if getattr(taken, "rowcount", 0) != 1:
            record(
                session,
                now,
                Actor("agent", "?", address),
                "enrolment.refused",
                outcome="refused",
            )
            return None
        row = session.scalars(select(Enrolment).where(Enrolment.code_sha256 == digest)).one()
        actor = Actor("agent", row.camera_id, address)
        agent_tokens.store(session, hub, row.camera_id, made, actor)
        return Enrolled(row.camera_id, row.camera_name, made)

    found = hub.database.write(store)
    if found is None:
        raise NotFound(REFUSAL)
    return found


def waiting(session: Session, now: datetime) -> list[Enrolment]:
    """Return the codes that nobody has used yet, newest first."""
    return list(
        session.scalars(
            select(Enrolment)
            .where(Enrolment.used_at.is_(None), Enrolment.expires_at > now)
            .order_by(Enrolment.id.desc())
        )
    )
