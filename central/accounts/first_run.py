"""The first admin, made in a browser: only by whoever can read the code that the hub prints.

The code lies in a file of the home until there is a user; so all web processes know the same one.
"""

from pathlib import Path

from central.accounts import passwords, users
from central.accounts.tokens import new_code, same, typed
from central.audit.log import Actor
from central.context import Hub
from central.errors import BadRequest, Conflict
from central.secrets import write_once

GROUPS = 3


def code_of(hub: Hub) -> str | None:
    """Return the code to print, made if need be; None when there is a user already."""
    path = _path(hub)
    if not users.is_empty(hub):
        path.unlink(missing_ok=True)
        return None
    write_once(path, new_code(GROUPS) + "\n")
    return _read(path)


def make_admin(hub: Hub, code: str, name: str, password: str, address: str) -> None:
    """Make the first admin. Raises BadRequest, and Conflict when there is a user already."""
    if not users.is_empty(hub):
        raise Conflict("this hub has its first user already; log in")
    known = _read(_path(hub))
    if known is None or not same(known, typed(code)):
        raise BadRequest("this is not the code that the hub printed when it started")
    name = users.good_name(name)
    passwords.must_be_good(password, name)
    if not users.add_first(hub, name, password, Actor("person", name, address)):
        raise Conflict("this hub has its first user already; log in")
    _path(hub).unlink(missing_ok=True)


def _path(hub: Hub) -> Path:
    return hub.settings.home.absolute() / "first-run-code"


def _read(path: Path) -> str | None:
    try:
        found = path.read_text().strip()
    except OSError:
        return None
    return found or None
