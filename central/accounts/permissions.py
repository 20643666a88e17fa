"""What may be done, and which role may do it: the one table. Pure."""

from enum import StrEnum


class Permission(StrEnum):
    """One right. Each route names the one it needs."""

    ACCOUNT_SELF = "account:self"
    CAMERAS_READ = "cameras:read"
    CAMERAS_WRITE = "cameras:write"
    CAMERAS_CONTROL = "cameras:control"
    CAMERAS_REGISTER = "cameras:register"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    EVENTS_REGISTER = "events:register"
    EVENTS_DELETE = "events:delete"
    LOGS_READ = "logs:read"
    LOGS_WRITE = "logs:write"
    USERS_WRITE = "users:write"
    AUDIT_READ = "audit:read"
    SYSTEM_READ = "system:read"
    SYSTEM_WRITE = "system:write"
    STAGES_WORK = "stages:work"


MEANINGS: dict[Permission, str] = {
    Permission.ACCOUNT_SELF: "manage one's own account",
    Permission.CAMERAS_READ: "see cameras and how they are",
    Permission.CAMERAS_WRITE: "add, change, enrol and remove cameras",
    Permission.CAMERAS_CONTROL: "start, stop and restart cameras",
    Permission.CAMERAS_REGISTER: "say that a camera is there, as its agent",
    Permission.EVENTS_READ: "see events, pictures and videos",
    Permission.EVENTS_WRITE: "star, review and annotate events",
    Permission.EVENTS_REGISTER: "register events and their files, as an agent",
    Permission.EVENTS_DELETE: "delete events",
    Permission.LOGS_READ: "read the log",
    Permission.LOGS_WRITE: "add lines to the log",
    Permission.USERS_WRITE: "manage users",
    Permission.AUDIT_READ: "read the audit log",
    Permission.SYSTEM_READ: "see jobs, health and storage",
    Permission.SYSTEM_WRITE: "change settings, workers and jobs",
    Permission.STAGES_WORK: "work through stages, as an AI server",
}


class Role(StrEnum):
    """What a person is in this house."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


_P = Permission
_MACHINES_ONLY = {_P.CAMERAS_REGISTER, _P.EVENTS_REGISTER, _P.LOGS_WRITE, _P.STAGES_WORK}
_VIEWER = frozenset({_P.ACCOUNT_SELF, _P.CAMERAS_READ, _P.EVENTS_READ})
_OPERATOR = _VIEWER | {_P.CAMERAS_CONTROL, _P.EVENTS_WRITE, _P.LOGS_READ, _P.SYSTEM_READ}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.ADMIN: frozenset(set(Permission) - _MACHINES_ONLY),
}
"""Role → rights. No person speaks for a camera or a worker: those have tokens of their own."""

AGENT = frozenset(
    {
        _P.CAMERAS_READ,
        _P.CAMERAS_REGISTER,
        _P.EVENTS_READ,
        _P.EVENTS_REGISTER,
        _P.LOGS_READ,
        _P.LOGS_WRITE,
    }
)
"""What an agent may do, for its own camera alone. `open` access gives the same, for the wire."""

WORKER = frozenset({_P.CAMERAS_READ, _P.EVENTS_READ, _P.LOGS_WRITE, _P.STAGES_WORK})
"""What a worker elsewhere may do."""

SCOPES = ROLES[Role.ADMIN] - {_P.ACCOUNT_SELF, _P.USERS_WRITE}
"""What a personal token may be given: nothing by which it could outlive its own revocation."""


def of_role(role: str) -> frozenset[Permission]:
    """Return the rights of a role; none for a role that nobody has named."""
    try:
        return ROLES[Role(role)]
    except ValueError:
        return frozenset()


def parsed_scopes(names: list[str]) -> frozenset[Permission]:
    """Return the rights of these names. Raises ValueError for one that no token may have."""
    allowed = {str(scope): scope for scope in SCOPES}
    unknown = sorted(set(names) - set(allowed))
    if unknown or not names:
        what = f"{', '.join(unknown)}: no such scope" if unknown else "choose at least one scope"
        raise ValueError(f"{what}; there are {', '.join(sorted(allowed))}")
    return frozenset(allowed[name] for name in names)
