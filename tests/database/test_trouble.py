"""What database errors mean, on both engines; provoked, not imitated, where that can be done."""

from pathlib import Path

import pytest
from pymysql.err import InternalError, OperationalError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from database.engine import Database
from database.trouble import Trouble, trouble_of


def provoked(database: Database, *statements: str) -> Trouble:
    try:
        with database.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    except SQLAlchemyError as error:
        return trouble_of(error)
    raise AssertionError(f"nothing went wrong with {statements[-1]}")


def test_it_knows_a_mistake_of_ours(database: Database) -> None:
    assert provoked(database, "SELECT nothing FROM nowhere") is Trouble.OTHER


def test_it_knows_a_full_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    with database.engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (x TEXT)"))
        connection.commit()
    filling = [f"INSERT INTO t VALUES ('{'x' * 4000}')"] * 20
    assert provoked(database, "PRAGMA max_page_count=5", *filling) is Trouble.FULL
    database.close()


def test_it_knows_a_read_only_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'kept.db'}")
    statements = ("PRAGMA query_only=ON", "CREATE TABLE t (x TEXT)")
    assert provoked(database, *statements) is Trouble.READ_ONLY
    database.close()


def test_it_knows_a_database_that_is_not_there() -> None:
    nowhere = Database("mysql+pymysql://root@127.0.0.1:1/x")
    assert provoked(nowhere, "SELECT 1") is Trouble.AWAY
    assert provoked(Database("sqlite:////nowhere/x.db"), "SELECT 1") is Trouble.AWAY


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OperationalError(1021, "Disk full (/tmp/x); waiting for someone to free"), Trouble.FULL),
        (OperationalError(1114, "The table 'event' is full"), Trouble.FULL),
        (InternalError(3, 'Error writing file "x" (Errcode: 28 "No space left")'), Trouble.FULL),
        (InternalError(1030, "Got error: 28 from storage engine"), Trouble.FULL),
        (OperationalError(1290, "running with the --read-only option"), Trouble.READ_ONLY),
        (OperationalError(2013, "Lost connection during query"), Trouble.AWAY),
        (OperationalError(1205, "Lock wait timeout exceeded"), Trouble.BUSY),
        (OperationalError(1267, "Illegal mix of collations"), Trouble.OTHER),
    ],
)
def test_it_reads_what_mariadb_says(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(DBAPIError("INSERT", {}, error)) is trouble
