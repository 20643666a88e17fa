"""Access tokens of programs: JWTs that say for a quarter of an hour whose login they belong to.

They carry no rights: what the user may do is looked up when the token is shown, so that a change of
role or an end of the login counts within two seconds. The only importer of `jwt`.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt

from central.context import Hub

LASTS = timedelta(minutes=15)
ALGORITHM = "HS256"
AUDIENCE = "gatehouse-api"
PURPOSE = "access token"


@dataclass(frozen=True)
class Claims:
    """Whom a token speaks for, and the login (family of refresh tokens) it came from."""

    user_id: int
    family: str


def issue(hub: Hub, user_id: int, family: str) -> str:
    """Return a token, signed with the newest key."""
    now = hub.clock()
    key_id, key = next(iter(hub.secrets.keys(PURPOSE).items()))
    claims = {
        "sub": str(user_id),
        "fam": family,
        "jti": secrets.token_hex(8),
        "iat": now,
        "exp": now + LASTS,
        "aud": AUDIENCE,
    }
    return jwt.encode(claims, key, ALGORITHM, {"kid": key_id})


def looks_like(token: str) -> bool:
    """Tell whether this may be one of ours: three parts with dots between."""
    return token.count(".") == 2


def read(hub: Hub, token: str) -> Claims | None:
    """Return what a token says, if we signed it and it is still good; else None.

    The algorithm is ours to say, never the token's; the key is one of ours, named by `kid`.
    """
    try:
        named = jwt.get_unverified_header(token).get("kid")
        key = hub.secrets.keys(PURPOSE).get(named) if isinstance(named, str) else None
        if key is None:
            return None
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={
                "require": ["exp", "iat", "sub", "aud", "jti"],
                "verify_exp": False,  # below, by the hub's own clock
                "verify_iat": False,
            },
        )
        if not claims["iat"] - 60 <= hub.clock().timestamp() < claims["exp"]:
            return None
        return Claims(int(claims["sub"]), str(claims["fam"]))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
