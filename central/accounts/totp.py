"""The second step: codes of six digits from a phone (RFC 6238). Pure."""

import base64
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from central.accounts.tokens import same

STEP_S = 30
DIGITS = 6
LEEWAY_STEPS = 1
"""Phones' clocks differ: the code before and the one after are taken as well."""


def new_secret() -> str:
    """Return a fresh secret of 160 bits, as phones want it typed."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, at: datetime) -> str:
    """Return the code that a phone shows at this time."""
    return _code(secret, int(at.timestamp()) // STEP_S)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step this code belongs to, or None. No step up to `last_step` counts."""
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    middle = int(now.timestamp()) // STEP_S
    found = None
    for step in range(middle - LEEWAY_STEPS, middle + LEEWAY_STEPS + 1):
        if same(_code(secret, step), digits) and (last_step is None or step > last_step):
            found = step
    return found


def address_for_phone(secret: str, name: str) -> str:
    """Return what the QR code holds."""
    return (
        f"otpauth://totp/{quote(f'Gatehouse:{name}')}?secret={secret}&issuer=Gatehouse"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )


def _code(secret: str, step: int) -> str:
    key = base64.b32decode(secret)
    # The algorithm that every phone knows; RFC 6238 rests on HMAC, which SHA-1's weakness spares.
    return TOTP(key, DIGITS, SHA1(), STEP_S).generate(step * STEP_S).decode()  # noqa: S303
