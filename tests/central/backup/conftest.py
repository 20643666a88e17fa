"""Storage's hub, but with a database that was migrated: backups tell their migration."""

from collections.abc import Iterator

import pytest

from database.engine import Database
from database.migrate import upgrade
from tests.central.storage.conftest import Recorded, kept, record

__all__ = ["Recorded", "kept", "record"]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with all tables, once per engine."""
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()
