"""Tokens: random, shown once, stored only as their hash, told apart by how they begin."""

import hashlib
import hmac
import secrets
from enum import StrEnum

CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""What codes that people type are made of: nothing that looks like something else."""


class Prefix(StrEnum):
    """How each kind of token begins, so that a finder knows what was lost."""

    PERSONAL = "gh_pat_"
    WORKER = "gh_wrk_"
    AGENT = "gh_agt_"
    REFRESH = "gh_ref_"
    HUB_KEY = "gh_hub_"


def new_token(prefix: str = "") -> str:
    """Return a fresh token of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token. No salt is needed: tokens cannot be guessed.

    Rows are found by this hash: how long that takes says nothing about the token itself.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(session_token: str) -> str:
    """Return what forms of a session must send along: nobody can make it without the cookie."""
    return hmac.new(session_token.encode(), b"gatehouse form", hashlib.sha256).hexdigest()[:40]


def same(one: str, other: str) -> bool:
    """Compare without telling by the time taken how much was right."""
    return hmac.compare_digest(one.encode(), other.encode())


def new_code(groups: int) -> str:
    """Return a code for people to type: groups of four letters, 19.6 random bits each."""
    return "-".join("".join(secrets.choice(CODE_LETTERS) for _ in range(4)) for _ in range(groups))


def typed(code: str) -> str:
    """Return a code as it was made, however it was typed: spaces, hyphens and case are free."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum())[:64]
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
