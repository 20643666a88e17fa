"""Agents in the field: their zones, words and files; logs; totals; the pulse of processes."""

from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from database.types import BigId, UtcDateTime, ascii_string

revision = "0002_field"
down_revision = "0001_spine"

PLAIN: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mysql_engine": "InnoDB",
}


def _rebuilt(table: str) -> AbstractContextManager[BatchOperations]:
    """Alter a table: on SQLite by making it anew, which else would forget AUTOINCREMENT."""
    anew: dict[str, Any] = {"table_kwargs": {"sqlite_autoincrement": True}}
    return op.batch_alter_table(
        table, recreate="always" if op.get_bind().dialect.name == "sqlite" else "never", **anew
    )


def upgrade() -> None:
    """Apply."""
    with _rebuilt("camera") as camera:
        camera.add_column(sa.Column("timezone", ascii_string(64), nullable=True))
    with _rebuilt("event") as event:
        event.add_column(sa.Column("duration_s", sa.Double(), nullable=True))
        event.add_column(sa.Column("said_status", ascii_string(20), nullable=True))
    op.execute(
        "UPDATE event SET duration_s = JSON_EXTRACT(clip, '$.duration_us') / 1e6"
        " WHERE JSON_EXTRACT(clip, '$.duration_us') IS NOT NULL"
    )
    op.add_column("event_file", sa.Column("transferred", sa.Boolean(), nullable=True))
    op.execute("UPDATE event_file SET transferred = 1")
    with _rebuilt("event_file") as file:
        file.alter_column("transferred", existing_type=sa.Boolean(), nullable=False)

    op.create_table(
        "event_total",
        sa.Column("camera", BigId, autoincrement=False, nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera"], ["camera.id"], name=op.f("fk_event_total_camera"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("camera", name=op.f("pk_event_total")),
        **PLAIN,
    )
    op.execute("INSERT INTO event_total SELECT camera, COUNT(*) FROM event GROUP BY camera")
    op.create_table(
        "log_line",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("level", ascii_string(8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("request_id", ascii_string(64), nullable=True),
        sa.Column("event_uid", ascii_string(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_line")),
        sqlite_autoincrement=True,
        **PLAIN,
    )
    op.create_index("ix_log_line_at_id", "log_line", ["at", "id"])
    op.create_index("ix_log_line_source_at_id", "log_line", ["source", "at", "id"])
    op.create_index("ix_log_line_received_at", "log_line", ["received_at"])
    op.create_index("ix_log_line_request_id", "log_line", ["request_id"])
    op.create_index("ix_log_line_event_uid", "log_line", ["event_uid"])
    op.create_table(
        "pulse",
        sa.Column("process", ascii_string(50), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_pulse")),
        **PLAIN,
    )
