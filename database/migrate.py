"""Bringing a database up to date: Alembic, one step at a time, under a lock."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_NAME = "gatehouse_migrate"
LOCK_WAIT_S = 60


def upgrade(database: Database, to: str = "head") -> str:
    """Apply every migration that is missing, up to `to`, and return the name of the newest.

    Two that try at once: the second waits, and finds nothing to do. On SQLite foreign keys are off
    meanwhile (a batch alter would delete all child rows) and are checked afterwards.
    """
    from alembic import command  # 330 ms: only who migrates pays for it
    from alembic.script import ScriptDirectory

    config = _config()
    if database.is_sqlite:
        Path(str(database.url.database)).parent.mkdir(parents=True, exist_ok=True)
    with _alone(database), database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("COMMIT")  # the pragma is ignored inside a transaction
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()
        if database.is_sqlite:
            _check_foreign_keys(connection)
    database.engine.dispose()  # no connection goes back to work with foreign keys off
    head = ScriptDirectory.from_config(config).get_current_head()
    return str(head)


def known_revisions() -> set[str]:
    """Return the names of all migrations that this software knows."""
    from alembic.script import ScriptDirectory

    return {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}


def at_head(database: Database) -> bool:
    """Tell whether every migration has been applied."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"the migration left {len(broken)} rows without their parent")


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the one lock that all migrators of this database share."""
    if database.is_sqlite:
        with Path(f"{database.url.database}.migrate-lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with database.engine.connect() as connection:
        got = connection.scalar(
            text("SELECT GET_LOCK(:name, :wait)"), {"name": LOCK_NAME, "wait": LOCK_WAIT_S}
        )
        if got != 1:
            raise RuntimeError("another migration of this database has been running for a minute")
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK_NAME})
