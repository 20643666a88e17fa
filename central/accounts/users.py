"""Users: who there is, their roles and cameras. Owner of the `user` and `user_camera` rows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.accounts import passwords, sessions
from central.accounts.caller import Caller
from central.accounts.permissions import Role
from central.audit.log import COMMAND, Actor, record
from central.context import Hub
from central.errors import BadRequest, Conflict, NotFound
from database.engine import is_duplicate
from database.models import Camera, User, UserCamera

Person = Caller
"""What older callers call somebody who is logged in."""

ADMIN = "admin"
_NAME = re.compile(r"\w[\w .@-]{0,49}")


@dataclass(frozen=True)
class UserFacts:
    """A user as others may know them. `cameras` are public names; None: all of them."""

    id: int
    name: str
    role: str
    enabled: bool
    cameras: tuple[str, ...] | None
    second_step: bool
    created_at: datetime


@dataclass(frozen=True)
class Wanted:
    """What is to change of a user; None leaves a thing as it is. `cameras`: a list, or "all"."""

    name: str | None = None
    role: str | None = None
    enabled: bool | None = None
    cameras: tuple[str, ...] | str | None = None


def every(session: Session) -> list[UserFacts]:
    """Return all users by name."""
    names: dict[int, list[str]] = {}
    for user, camera_id in session.execute(
        select(UserCamera.user, Camera.camera_id)
        .join(Camera, Camera.id == UserCamera.camera)
        .order_by(Camera.camera_id)
    ):
        names.setdefault(user, []).append(camera_id)
    rows = session.scalars(select(User).order_by(User.name))
    return [_facts(row, names.get(row.id, [])) for row in rows]


def one(session: Session, user_id: int) -> UserFacts:
    """Return a user. Raises NotFound."""
    row = session.get(User, user_id)
    if row is None:
        raise NotFound(f"there is no user {user_id}")
    return _facts(row, list(cameras_of(session, row) or ()))


def named(session: Session, name: str) -> User | None:
    """Return the row of the user with this name, whatever its case, or None."""
    return session.scalar(select(User).where(func.lower(User.name) == name.lower()).limit(1))


def is_empty(hub: Hub) -> bool:
    """Tell whether nobody can log in yet, because there is no user."""
    with hub.database.reading() as session:
        return session.scalar(select(User.id).limit(1)) is None


def cameras_of(session: Session, user: User) -> frozenset[str] | None:
    """Return the public names of the cameras this user may see, or None for all."""
    if user.all_cameras:
        return None
    return frozenset(
        session.scalars(
            select(Camera.camera_id)
            .join(UserCamera, UserCamera.camera == Camera.id)
            .where(UserCamera.user == user.id)
        )
    )


def ensure_admin(hub: Hub) -> str | None:
    """Make the first admin when there is no user yet.

    Returns the password that was made up, to be shown once; None when a user stood already or the
    owner has set the password in `GATEHOUSE_ADMIN_PASSWORD`.
    """
    if not is_empty(hub):
        return None
    given = hub.settings.admin_password
    password = given or passwords.made_up()
    made = add_first(hub, ADMIN, password, COMMAND)
    return password if made and not given else None


def add_first(hub: Hub, name: str, password: str, actor: Actor) -> bool:
    """Make the first admin; False when somebody else has just done it."""
    digest = passwords.hash_password(password)

    def store(session: Session) -> bool:
        if session.scalar(select(User.id).limit(1).with_for_update()) is not None:
            return False
        _insert(session, hub.clock(), actor, name, Role.ADMIN, digest)
        return True

    try:
        return hub.database.write(store)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False


def add(
    hub: Hub,
    actor: Actor,
    name: str,
    role: str,
    password: str,
    cameras: tuple[str, ...] | str = "all",
) -> UserFacts:
    """Make a user. Raises BadRequest and Conflict."""
    name = good_name(name)
    known_role = good_role(role)
    passwords.must_be_good(password, name)
    digest = passwords.hash_password(password)

    def store(session: Session) -> UserFacts:
        _must_be_free(session, name)
        row = _insert(session, hub.clock(), actor, name, known_role, digest)
        _set_cameras(session, row, cameras)
        session.flush()
        return one(session, row.id)

    return _unless_taken(hub, store, name)


def change(hub: Hub, actor: Actor, user_id: int, wanted: Wanted) -> UserFacts:
    """Change name, role, cameras or whether a user may log in. The last enabled admin stays one.

    Raises NotFound, BadRequest and Conflict.
    """
    name = good_name(wanted.name) if wanted.name is not None else None
    role = good_role(wanted.role) if wanted.role is not None else None

    def store(session: Session) -> UserFacts:
        if wanted.enabled is False or role not in (None, Role.ADMIN):
            must_leave_an_admin(session, user_id)
        before = one(session, user_id)
        row = session.get_one(User, user_id)
        if name is not None and name != row.name:
            if name.lower() != row.name.lower():
                _must_be_free(session, name)
            row.name = name
        row.role = role or row.role
        row.enabled = row.enabled if wanted.enabled is None else wanted.enabled
        if wanted.cameras is not None:
            _set_cameras(session, row, wanted.cameras)
        if not row.enabled:
            sessions.end_all(session, user_id, hub.clock())
        session.flush()
        after = one(session, user_id)
        changed = {
            field: [getattr(before, field), getattr(after, field)]
            for field in ("name", "role", "enabled", "cameras")
            if getattr(before, field) != getattr(after, field)
        }
        if changed:
            record(session, hub.clock(), actor, "user.changed", "user", after.name, detail=changed)
        return after

    return _unless_taken(hub, store, name or "")


def remove(hub: Hub, actor: Actor, user_id: int) -> None:
    """Delete a user, logins and tokens. Raises NotFound, and Conflict for the last admin."""

    def store(session: Session) -> None:
        must_leave_an_admin(session, user_id)
        before = one(session, user_id)
        session.execute(delete(User).where(User.id == user_id))
        record(session, hub.clock(), actor, "user.deleted", "user", before.name)

    hub.database.write(store)


def set_password(
    hub: Hub,
    actor: Actor,
    user_id: int,
    password: str,
    *,
    kept_session: int = 0,
    drop_second_step: bool = False,
) -> None:
    """Give a user another password; every other login of theirs ends. Raises as `add` does."""
    with hub.database.reading() as session:
        name = one(session, user_id).name
    passwords.must_be_good(password, name)
    digest = passwords.hash_password(password)

    def store(session: Session) -> None:
        values: dict[str, object] = {"password_hash": digest}
        if drop_second_step:
            values |= {"totp_secret": None, "totp_step": None, "totp_confirmed_at": None}
        session.execute(update(User).where(User.id == user_id).values(**values))
        sessions.end_all(session, user_id, hub.clock(), but=kept_session)
        record(
            session,
            hub.clock(),
            actor,
            "user.password_changed",
            "user",
            name,
            detail={"second_step_dropped": True} if drop_second_step else None,
        )

    hub.database.write(store)


def good_name(name: str) -> str:
    """Return the name without spaces around it. Raises BadRequest."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise BadRequest(
            "a name has 1 to 50 letters, digits, spaces or . @ _ - and begins with no sign"
        )
    return name


def good_role(role: str) -> Role:
    """Return the role of this name. Raises BadRequest."""
    try:
        return Role(role)
    except ValueError as error:
        raise BadRequest(f"{role!r} is no role; there are {', '.join(Role)}") from error


def _insert(
    session: Session, now: datetime, actor: Actor, name: str, role: Role, digest: str
) -> User:
    row = User(
        name=name,
        role=role,
        password_hash=digest,
        created_at=now,
        enabled=True,
        all_cameras=True,
    )
    session.add(row)
    session.flush()
    record(session, now, actor, "user.created", "user", name, detail={"role": str(role)})
    return row


def _facts(row: User, cameras: Iterable[str]) -> UserFacts:
    return UserFacts(
        id=row.id,
        name=row.name,
        role=row.role,
        enabled=row.enabled,
        cameras=None if row.all_cameras else tuple(sorted(cameras)),
        second_step=row.totp_confirmed_at is not None,
        created_at=row.created_at,
    )


def _set_cameras(session: Session, row: User, cameras: tuple[str, ...] | str) -> None:
    row.all_cameras = cameras == "all"
    session.execute(delete(UserCamera).where(UserCamera.user == row.id))
    if isinstance(cameras, str):
        if cameras != "all":
            raise BadRequest('cameras is a list of camera ids, or "all"')
        return
    rows = session.execute(select(Camera.camera_id, Camera.id).where(Camera.camera_id.in_(cameras)))
    known = {camera_id: key for camera_id, key in rows}
    unknown = sorted(set(cameras) - set(known))
    if unknown:
        raise BadRequest(f"there is no camera {', '.join(unknown)}")
    for camera in known.values():
        session.add(UserCamera(user=row.id, camera=camera))


def must_leave_an_admin(session: Session, user_id: int) -> None:
    """Raise Conflict if this user is the last admin who can log in.

    Call it first in a transaction: the admins are locked, so that two cannot remove each other.
    """
    wanted = select(User.id).where(User.role == Role.ADMIN, User.enabled)
    if list(session.scalars(wanted.with_for_update())) == [user_id]:
        raise Conflict("this is the last admin who can log in; make another one first")


def _must_be_free(session: Session, name: str) -> None:
    if named(session, name) is not None:
        raise Conflict(f"there is a user {name} already")


def _unless_taken(hub: Hub, store: Callable[[Session], UserFacts], name: str) -> UserFacts:
    try:
        return hub.database.write(store)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Conflict(f"there is a user {name} already") from error
