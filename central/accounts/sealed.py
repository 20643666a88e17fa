"""What lies in the database sealed, and can be read with the master key alone."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.accounts import agent_tokens, second_step
from central.secrets import Secrets, SecretsError
from database.models import AgentToken, User


def every(session: Session) -> Iterator[tuple[str, str]]:
    """Yield purpose and sealed text of everything that is still in use."""
    keys = select(AgentToken.hub_key).where(
        AgentToken.revoked_at.is_(None), AgentToken.hub_key.is_not(None)
    )
    yield from ((agent_tokens.PURPOSE, sealed) for sealed in session.scalars(keys) if sealed)
    phones = select(User.totp_secret).where(User.totp_secret.is_not(None))
    yield from ((second_step.PURPOSE, sealed) for sealed in session.scalars(phones) if sealed)


def unreadable(secrets: Secrets, sealed: list[tuple[str, str]]) -> int:
    """Return how many of these no key opens."""
    shut = 0
    for purpose, text in sealed:
        try:
            secrets.open(purpose, text)
        except SecretsError:
            shut += 1
    return shut
