"""The queue: turns by camera, tries apart from the fence, claims by id, and who works."""

from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from database.types import UtcDateTime, ascii_string

revision = "0004_queue"
down_revision = "0003_accounts"

PLAIN: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mysql_engine": "InnoDB",
}
ORDER = "ix_event_stage_claim_order"


def _rebuilt(table: str, **anew: Any) -> AbstractContextManager[BatchOperations]:
    """Alter a table: on SQLite by making it anew."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    return op.batch_alter_table(
        table, recreate="always" if is_sqlite else "never", table_kwargs=anew
    )


def upgrade() -> None:
    """Apply."""
    op.add_column("event_stage", sa.Column("camera", sa.BigInteger(), nullable=True))
    op.add_column("event_stage", sa.Column("spent", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE event_stage SET spent = attempt,"
        " camera = (SELECT camera FROM event WHERE event.id = event_stage.event)"
    )
    op.drop_index(ORDER, "event_stage")
    with _rebuilt("event_stage") as stage:
        stage.alter_column("camera", existing_type=sa.BigInteger(), nullable=False)
        stage.alter_column("spent", existing_type=sa.Integer(), nullable=False)
    op.create_index(
        ORDER, "event_stage", ["stage", "state", "priority", "camera", "not_before", "event"]
    )
    with _rebuilt("stage_history", sqlite_autoincrement=True) as history:
        history.add_column(sa.Column("claim_id", ascii_string(64), nullable=True))
        history.create_unique_constraint(op.f("uq_stage_history_claim_id"), ["claim_id"])
    op.create_table(
        "worker",
        sa.Column("name", ascii_string(100), nullable=False),
        sa.Column("stages", ascii_string(200), nullable=False),
        sa.Column("is_remote", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
        **PLAIN,
    )
    op.create_index("ix_worker_seen_at", "worker", ["seen_at"])
