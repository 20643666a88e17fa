"""What people do with their own account: password, logins and tokens."""

from sqlalchemy.orm import Session

from central.accounts import api_tokens, sessions, users
from central.accounts.caller import Caller
from central.accounts.limits import PASSWORD_AGAIN, Limits
from central.accounts.passwords import LONGEST, matches
from central.accounts.sessions import Login
from central.audit.log import record
from central.context import Hub
from central.errors import BadRequest, Forbidden, NotFound
from database.models import User


def must_know_password(hub: Hub, limits: Limits, caller: Caller, password: str) -> None:
    """Raise BadRequest unless this is the caller's password, and TooMany after many tries."""
    limits.count(PASSWORD_AGAIN, str(caller.id), "wrong passwords")
    with hub.database.reading() as session:
        digest = session.get_one(User, caller.id).password_hash
    if len(password) > LONGEST or not matches(digest, password):
        raise BadRequest("the password is wrong")
    limits.forgive(PASSWORD_AGAIN, str(caller.id))


def change_password(
    hub: Hub, limits: Limits, caller: Caller, address: str, old: str, new: str
) -> None:
    """Change the caller's password. Every login but the one that asks ends, programs' too."""
    must_know_password(hub, limits, caller, old)
    kept = caller.credential if caller.login == "session" else 0
    users.set_password(hub, caller.actor(address), caller.id, new, kept_session=kept)


def make_token(
    hub: Hub, caller: Caller, address: str, name: str, scopes: list[str], days: int | None
) -> tuple[int, str]:
    """Make a token of the caller's; it can do no more than the caller can. Raises BadRequest."""
    beyond = sorted(scope for scope in scopes if not caller.may(scope))
    if beyond:
        raise Forbidden(f"you lack {', '.join(beyond)} yourself, or no token may have it")
    return api_tokens.make(
        hub,
        caller.actor(address),
        "personal",
        name,
        user_id=caller.id,
        scopes=scopes,
        days=days,
    )


def is_this(caller: Caller, login: Login) -> bool:
    """Tell whether this is the login that asks."""
    return caller.login == "session" and not login.is_program and login.id == caller.credential


def end_login(hub: Hub, caller: Caller, address: str, login_id: int, *, program: bool) -> None:
    """End one of the caller's logins. Raises NotFound."""

    def store(session: Session) -> bool:
        now = hub.clock()
        found = (
            sessions.end_program(session, caller.id, login_id, now)
            if program
            else sessions.end(session, caller.id, login_id)
        )
        if found:
            actor = caller.actor(address)
            record(session, now, actor, "login.ended", "user", caller.name)
        return found

    if not hub.database.write(store):
        raise NotFound(f"there is no login {login_id} of yours")


def end_others(hub: Hub, caller: Caller, address: str) -> None:
    """End all of the caller's logins but the one that asks."""
    kept = caller.credential if caller.login == "session" else 0

    def store(session: Session) -> None:
        sessions.end_all(session, caller.id, hub.clock(), but=kept)
        actor = caller.actor(address)
        record(session, hub.clock(), actor, "login.all_others_ended", "user", caller.name)

    hub.database.write(store)
