"""Storage: files about to be removed, files that are gone, what is kept how long, whose share."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from database.types import BigId, UtcDateTime, ascii_string

revision = "0005_storage"
down_revision = "0003_accounts"

PLAIN: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mysql_engine": "InnoDB",
}


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table(
        "event_file",
        recreate="always" if op.get_bind().dialect.name == "sqlite" else "never",
        table_kwargs={"sqlite_autoincrement": True},
    ) as file:
        file.add_column(sa.Column("gone_at", UtcDateTime(), nullable=True))
    op.create_table(
        "garbage",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("path", ascii_string(500), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_garbage")),
        sa.UniqueConstraint("path", name=op.f("uq_garbage_path")),
        sqlite_autoincrement=True,
        **PLAIN,
    )
    op.create_table(
        "camera_retention",
        sa.Column("camera", BigId, autoincrement=False, nullable=False),
        sa.Column("keep_days", sa.Double(), nullable=True),
        sa.Column("keep_bytes", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera"], ["camera.id"], name=op.f("fk_camera_retention_camera"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("camera", name=op.f("pk_camera_retention")),
        **PLAIN,
    )
    op.create_table(
        "known_share",
        sa.Column("uuid", ascii_string(36), nullable=False),
        sa.Column("known_since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_known_share")),
        **PLAIN,
    )
