"""Column types that both engines store the same way."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A row id. SQLite gives row ids to INTEGER columns only."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC with microseconds and without zone in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MariaDB cuts a plain DATETIME to seconds; ask for six digits."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it would be read back as another moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time."""
        return None if value is None else value.replace(tzinfo=UTC)


class AsciiString(TypeDecorator[str]):
    """A text compared byte by byte: ids, names of states, hashes, paths.

    Any text may be looked for: MariaDB refuses to compare an ASCII column with other letters, but
    not with bytes, which it finds equal to nothing there.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask MariaDB for one byte a letter and for letters that differ when their bytes do."""
        length = self.length
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(
                mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
            )
        return dialect.type_descriptor(String(length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Hand on what is not ASCII as bytes."""
        if value is None or value.isascii() or dialect.name == "sqlite":
            return value
        return value.encode()


def ascii_string(length: int) -> AsciiString:
    """Return the type of a column for so many letters."""
    return AsciiString(length)
