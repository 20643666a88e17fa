"""Alembic's way in: runs migrations on the connection that `database.migrate` hands over."""

from alembic import context

from database.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
