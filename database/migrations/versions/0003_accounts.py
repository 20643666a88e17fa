"""Accounts: roles, cameras per user, second step, programs' tokens, enrolment, audit log."""

from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from database.types import BigId, UtcDateTime, ascii_string

revision = "0003_accounts"
down_revision = "0002_field"

PLAIN: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mysql_engine": "InnoDB",
}
WATCHED: dict[str, Any] = {"sqlite_autoincrement": True, **PLAIN}


def _rebuilt(table: str) -> AbstractContextManager[BatchOperations]:
    """Alter a table: on SQLite by making it anew, which else would forget AUTOINCREMENT."""
    anew: dict[str, Any] = {"table_kwargs": {"sqlite_autoincrement": True}}
    return op.batch_alter_table(
        table, recreate="always" if op.get_bind().dialect.name == "sqlite" else "never", **anew
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", BigId, autoincrement=True, nullable=False)


def _user(*, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column("user", BigId, nullable=nullable)


def _hash(name: str) -> sa.Column[Any]:
    return sa.Column(name, ascii_string(64), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user"], ["user.id"], name=op.f(f"fk_{table}_user"), ondelete="CASCADE"
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    """Apply."""
    _people()
    _programs()
    _audit()


def _people() -> None:
    with _rebuilt("user") as user:
        user.add_column(sa.Column("enabled", sa.Boolean(), nullable=True))
        user.add_column(sa.Column("all_cameras", sa.Boolean(), nullable=True))
        user.add_column(sa.Column("totp_secret", ascii_string(255), nullable=True))
        user.add_column(sa.Column("totp_step", sa.BigInteger(), nullable=True))
        user.add_column(_time("totp_confirmed_at", nullable=True))
    op.execute("UPDATE user SET enabled = 1, all_cameras = 1")
    with _rebuilt("user") as user:
        user.alter_column("enabled", existing_type=sa.Boolean(), nullable=False)
        user.alter_column("all_cameras", existing_type=sa.Boolean(), nullable=False)
    with _rebuilt("user_session") as login:
        login.add_column(_time("seen_at", nullable=True))
        login.add_column(sa.Column("address", sa.String(45), nullable=True))
        login.add_column(sa.Column("device", sa.String(200), nullable=True))
    op.execute("UPDATE user_session SET seen_at = created_at, address = '', device = ''")
    with _rebuilt("user_session") as login:
        login.alter_column("seen_at", existing_type=UtcDateTime(), nullable=False)
        login.alter_column("address", existing_type=sa.String(45), nullable=False)
        login.alter_column("device", existing_type=sa.String(200), nullable=False)
    op.create_table(
        "user_camera",
        sa.Column("user", BigId, autoincrement=False, nullable=False),
        sa.Column("camera", BigId, autoincrement=False, nullable=False),
        _of_user("user_camera"),
        sa.ForeignKeyConstraint(
            ["camera"], ["camera.id"], name=op.f("fk_user_camera_camera"), ondelete="CASCADE"
        ),
        _primary("user_camera", "user", "camera"),
        **PLAIN,
    )
    op.create_index("ix_user_camera_camera", "user_camera", ["camera"])
    op.create_table(
        "recovery_code",
        _id(),
        _user(),
        _hash("code_sha256"),
        _time("used_at", nullable=True),
        _of_user("recovery_code"),
        _primary("recovery_code", "id"),
        _unique("recovery_code", "user", "code_sha256"),
        **WATCHED,
    )


def _programs() -> None:
    op.create_table(
        "refresh_token",
        _id(),
        _user(),
        sa.Column("family", ascii_string(32), nullable=False),
        _hash("token_sha256"),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _time("revoked_at", nullable=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        _of_user("refresh_token"),
        _primary("refresh_token", "id"),
        _unique("refresh_token", "token_sha256"),
        **WATCHED,
    )
    for column in ("user", "family", "expires_at"):
        op.create_index(f"ix_refresh_token_{column}", "refresh_token", [column])
    op.create_table(
        "api_token",
        _id(),
        sa.Column("kind", ascii_string(10), nullable=False),
        _user(nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        _hash("token_sha256"),
        sa.Column("scopes", sa.JSON(), nullable=False),
        _time("created_at"),
        _time("expires_at", nullable=True),
        _time("used_at", nullable=True),
        _time("revoked_at", nullable=True),
        _of_user("api_token"),
        _primary("api_token", "id"),
        _unique("api_token", "token_sha256"),
        **WATCHED,
    )
    op.create_index("ix_api_token_user", "api_token", ["user"])
    with _rebuilt("agent_token") as token:
        token.add_column(sa.Column("hub_key", ascii_string(255), nullable=True))
    op.create_table(
        "enrolment",
        _id(),
        sa.Column("camera_id", ascii_string(50), nullable=False),
        sa.Column("camera_name", sa.String(100), nullable=False),
        _hash("code_sha256"),
        sa.Column("made_by", sa.String(100), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _primary("enrolment", "id"),
        _unique("enrolment", "code_sha256"),
        **WATCHED,
    )
    op.create_index("ix_enrolment_camera_id", "enrolment", ["camera_id"])


def _audit() -> None:
    op.create_table(
        "audit_entry",
        _id(),
        _time("at"),
        sa.Column("actor_kind", ascii_string(10), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("action", ascii_string(50), nullable=False),
        sa.Column("object_kind", ascii_string(20), nullable=False),
        sa.Column("object_id", sa.String(100), nullable=False),
        sa.Column("outcome", ascii_string(10), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("request_id", ascii_string(64), nullable=True),
        sa.Column("once_key", ascii_string(64), nullable=True),
        _primary("audit_entry", "id"),
        _unique("audit_entry", "once_key"),
        **WATCHED,
    )
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"])
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor", "id"])
    op.create_index("ix_audit_entry_action_id", "audit_entry", ["action", "id"])
    op.create_index("ix_audit_entry_object", "audit_entry", ["object_kind", "object_id", "id"])
    op.create_index("ix_audit_entry_request_id", "audit_entry", ["request_id"])
