"""Tokens that agents show: one live one per camera, written to a file, stored as a hash."""

import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.accounts.tokens import Prefix, new_token, token_hash
from central.audit.log import COMMAND, Actor, record
from central.context import Hub
from central.errors import NotFound
from database.models import AgentToken
from nfs.layout import CAMERA_ID_PATTERN

PURPOSE = "hub key"
BELIEVED_S = 2.0
"""A revoked token is refused this much later at most: agents ask often, revocations are rare."""


class AgentTokens:
    """Which camera a token speaks for, remembered for a moment. One per process; thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def camera_of(self, hub: Hub, token: str) -> str | None:
        """Return the camera of a live token, or None."""
        digest, now_s = token_hash(token), time.monotonic()
        camera_id, until_s = self._known.get(digest, ("", 0.0))
        if now_s < until_s:
            return camera_id
        with hub.database.reading() as session:
            found = session.scalar(
                select(AgentToken.camera_id).where(
                    AgentToken.token_sha256 == digest, AgentToken.revoked_at.is_(None)
                )
            )
        if found is None:
            self._known.pop(digest, None)
        else:
            self._known[digest] = (found, now_s + BELIEVED_S)
        return found


def issue(hub: Hub, camera_id: str, out: Path) -> None:
    """Write a new token for the camera to `out` (mode 0600) and revoke its earlier ones.

    Beside it, `<out>.hub-key` holds what the hub will show the agent. Both files appear whole, by
    rename, before the hash is stored: a power cut leaves an agent that is refused and asks again,
    never one that is let in by a token nobody knows.
    Raises ValueError for a bad camera id and OSError when the file cannot be written.
    """
    if not re.fullmatch(CAMERA_ID_PATTERN, camera_id):
        raise ValueError(f"{camera_id!r} is no camera id: use 1–50 of A–Z, a–z, 0–9 and _")
    made = NewToken.random()
    out.parent.mkdir(parents=True, exist_ok=True)
    _write(out.with_name(out.name + ".hub-key"), made.hub_key)
    _write(out, made.token)
    hub.database.write(lambda session: store(session, hub, camera_id, made, COMMAND))


@dataclass(frozen=True)
class NewToken:
    """What an agent is given once: its token, and the key by which it knows the hub."""

    token: str
    hub_key: str

    @classmethod
    def random(cls) -> "NewToken":
        """Return fresh ones."""
        return cls(new_token(Prefix.AGENT), new_token(Prefix.HUB_KEY))


def store(session: Session, hub: Hub, camera_id: str, made: NewToken, actor: Actor) -> None:
    """Make this the camera's one live token."""
    now = hub.clock()
    revoke(session, camera_id, now)
    session.add(
        AgentToken(
            camera_id=camera_id,
            token_sha256=token_hash(made.token),
            created_at=now,
            hub_key=hub.secrets.seal(PURPOSE, made.hub_key),
        )
    )
    record(session, now, actor, "token.agent_made", "camera", camera_id)


def revoke(session: Session, camera_id: str, now: datetime) -> bool:
    """End the token of a camera's agent; tell whether there was one."""
    done = session.execute(
        update(AgentToken)
        .where(AgentToken.camera_id == camera_id, AgentToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return bool(getattr(done, "rowcount", 0))


def end(hub: Hub, actor: Actor, camera_id: str) -> None:
    """End the token of a camera's agent, until it is enrolled anew. Raises NotFound."""

    def store_end(session: Session) -> bool:
        found = revoke(session, camera_id, hub.clock())
        if found:
            record(session, hub.clock(), actor, "token.agent_revoked", "camera", camera_id)
        return found

    if not hub.database.write(store_end):
        raise NotFound(f"the agent of camera {camera_id} has no token")


def hub_key(hub: Hub, camera_id: str) -> str | None:
    """Return what the hub shows this camera's agent, or None when it was never agreed upon."""
    with hub.database.reading() as session:
        sealed = session.scalar(
            select(AgentToken.hub_key).where(
                AgentToken.camera_id == camera_id, AgentToken.revoked_at.is_(None)
            )
        )
    return hub.secrets.open(PURPOSE, sealed) if sealed else None


def living(session: Session) -> list[tuple[str, datetime]]:
    """Return the cameras whose agents have a token, and since when."""
    rows = session.execute(
        select(AgentToken.camera_id, AgentToken.created_at)
        .where(AgentToken.revoked_at.is_(None))
        .order_by(AgentToken.camera_id)
    )
    return [(camera_id, since) for camera_id, since in rows]


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
