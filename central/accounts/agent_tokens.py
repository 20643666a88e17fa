"""Tokens that agents show: one live one per camera, written to a file, stored as a hash."""

import os
import re
import time
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.accounts.tokens import new_token, token_hash
from central.context import Hub
from database.models import AgentToken
from nfs.layout import CAMERA_ID_PATTERN

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

    The file appears whole, by rename, before the hash is stored: a power cut leaves an agent that
    is refused and asks again, never one that is let in by a token nobody knows.
    Raises ValueError for a bad camera id and OSError when the file cannot be written.
    """
    if not re.fullmatch(CAMERA_ID_PATTERN, camera_id):
        raise ValueError(f"{camera_id!r} is no camera id: use 1–50 of A–Z, a–z, 0–9 and _")
    token, now = new_token(), hub.clock()
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(out)

    def store(session: Session) -> None:
        session.execute(
            update(AgentToken)
            .where(AgentToken.camera_id == camera_id, AgentToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        session.add(AgentToken(camera_id=camera_id, token_sha256=token_hash(token), created_at=now))

    hub.database.write(store)
