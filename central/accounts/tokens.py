"""Tokens: random, shown once, stored only as their hash."""

import hashlib
import secrets


def new_token() -> str:
    """Return a fresh token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token. No salt is needed: tokens cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
