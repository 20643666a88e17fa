"""Passwords, hashed with argon2id at the cost a Pi can bear (facts §6: 19 MiB, t=2, 28 ms)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central.errors import BadRequest

SHORTEST = 10
LONGEST = 1000
"""Nobody's password is longer; hashing a megabyte is no way to find out."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right. Takes as long when there is no such user (None)."""
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def must_be_good(password: str, name: str) -> None:
    """Raise BadRequest for a password that is too short, too long, or the user's own name."""
    if len(password) < SHORTEST:
        raise BadRequest(f"choose a password of at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise BadRequest(f"a password has at most {LONGEST} characters")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise BadRequest("this password is too easy to guess")


def made_up() -> str:
    """Return a password nobody can guess, to be shown once."""
    return secrets.token_urlsafe(12)
