"""The spine: cameras, events, stages, changes, users."""

import sqlalchemy as sa
from alembic import op

from database.types import BigId, UtcDateTime, ascii_string

revision = "0001_spine"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "agent_token",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("camera_id", ascii_string(50), nullable=False),
        sa.Column("token_sha256", ascii_string(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_agent_token_token_sha256")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_agent_token_camera_id", "agent_token", ["camera_id"], unique=False)

    op.create_table(
        "camera",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("camera_id", ascii_string(50), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("status", ascii_string(20), nullable=False),
        sa.Column("frames_per_s", sa.Double(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
        sa.UniqueConstraint("camera_id", name=op.f("uq_camera_camera_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "change",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("kind", ascii_string(20), nullable=False),
        sa.Column("verb", ascii_string(10), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("camera", sa.BigInteger(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_at", "change", ["at"], unique=False)

    op.create_table(
        "user",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", ascii_string(20), nullable=False),
        sa.Column("password_hash", ascii_string(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("uid", ascii_string(36), nullable=False),
        sa.Column("camera", BigId, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("clip_started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("motion_score", sa.Double(), nullable=False),
        sa.Column("confidence_score", sa.Double(), nullable=True),
        sa.Column("trigger", sa.JSON(), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=True),
        sa.Column("clock", sa.JSON(), nullable=True),
        sa.Column("clip", sa.JSON(), nullable=True),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("previous_uid", ascii_string(36), nullable=True),
        sa.Column("salvaged", sa.Boolean(), nullable=False),
        sa.Column("content_sha256", ascii_string(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_event_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("uid", name=op.f("uq_event_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_event_camera_started_at_id", "event", ["camera", "started_at", "id"], unique=False
    )
    op.create_index("ix_event_previous_uid", "event", ["previous_uid"], unique=False)
    op.create_index("ix_event_started_at_id", "event", ["started_at", "id"], unique=False)

    op.create_table(
        "user_session",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("user", BigId, nullable=False),
        sa.Column("token_sha256", ascii_string(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"], ["user.id"], name=op.f("fk_user_session_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_session_token_sha256")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_session_expires_at", "user_session", ["expires_at"], unique=False)
    op.create_index("ix_user_session_user", "user_session", ["user"], unique=False)

    op.create_table(
        "event_file",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("event", BigId, nullable=False),
        sa.Column("kind", ascii_string(20), nullable=False),
        sa.Column("path", ascii_string(500), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", ascii_string(64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event"], ["event.id"], name=op.f("fk_event_file_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_file")),
        sa.UniqueConstraint("event", "kind", name=op.f("uq_event_file_event_kind")),
        sa.UniqueConstraint("path", name=op.f("uq_event_file_path")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event_stage",
        sa.Column("event", BigId, autoincrement=False, nullable=False),
        sa.Column("stage", ascii_string(20), nullable=False),
        sa.Column("state", ascii_string(10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event"], ["event.id"], name=op.f("fk_event_stage_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event", "stage", name=op.f("pk_event_stage")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(
        "ix_event_stage_claim_order",
        "event_stage",
        ["stage", "state", "priority", "not_before", "event"],
        unique=False,
    )
    op.create_index("ix_event_stage_lease", "event_stage", ["state", "lease_until"], unique=False)

    op.create_table(
        "stage_history",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("event", BigId, nullable=False),
        sa.Column("stage", ascii_string(20), nullable=False),
        sa.Column("verb", ascii_string(12), nullable=False),
        sa.Column("from_state", ascii_string(10), nullable=False),
        sa.Column("to_state", ascii_string(10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event"], ["event.id"], name=op.f("fk_stage_history_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_history")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stage_history_event_id", "stage_history", ["event", "id"], unique=False)


def downgrade() -> None:
    """Take back. Everything: this is the first migration."""
    for table in (
        "user_session",
        "user",
        "agent_token",
        "change",
        "stage_history",
        "event_stage",
        "event_file",
        "event",
        "camera",
    ):
        op.drop_table(table)
