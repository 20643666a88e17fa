"""Copies of a whole database: taken while it is written to, loaded into an empty place.

SQLite: the backup API, one read transaction, writers go on. MariaDB: `mariadb-dump` in a single
transaction. The password travels in a file that only we can read, never as an argument.
"""

import contextlib
import gzip
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL

from database.engine import Database
from database.migrate import upgrade

SQLITE_NAME = "database.sqlite"
MARIADB_NAME = "database.sql.gz"
END_OF_DUMP = b"-- Dump completed"
LIMIT_S = 3600
CHUNK_BYTES = 1024 * 1024


class CopyFailed(Exception):
    """The copy could not be made or loaded. What stood before still stands, unless it says not."""


class InUse(CopyFailed):
    """Others work with this database now."""


def dump(database: Database, folder: Path) -> Path:
    """Copy the database as it is at one moment into `folder`, durably; return the file."""
    made = folder / (SQLITE_NAME if database.is_sqlite else MARIADB_NAME)
    if database.is_sqlite:
        _dump_sqlite(Path(str(database.url.database)), made)
    else:
        _dump_mariadb(database.url, made)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    return made


def load(database: Database, file: Path) -> None:
    """Put a copy in place of everything in this database. Raises InUse and CopyFailed.

    On SQLite the old content stands until the new is whole. On MariaDB it goes first: keep a copy.
    """
    database.close()
    if database.is_sqlite:
        _load_sqlite(Path(str(database.url.database)), file)
        return
    if used_by_others(database):
        raise InUse("hub or jobs still use the database: stop them first")
    _drop_all(database)
    _load_mariadb(database.url, file)
    database.close()


def rehearse(database: Database, folder: Path) -> str:
    """Migrate a copy of this database, in `folder` or beside it, and return where that leads.

    The database itself is only read. Raises CopyFailed with what the migration stumbled over.
    """
    copy = dump(database, folder)
    with _scratch(database, folder) as scratch:
        load(scratch, copy)
        try:
            return upgrade(scratch)
        except Exception as error:
            raise CopyFailed(f"the migration fails on a copy: {error}") from error
        finally:
            scratch.close()


def used_by_others(database: Database) -> bool:
    """Tell whether any other connection of ours is open to this MariaDB database."""
    with database.engine.connect() as connection:
        others = connection.scalar(
            text(
                "SELECT COUNT(*) FROM information_schema.processlist"
                " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
        )
    database.close()
    return bool(others)


def _dump_sqlite(source: Path, made: Path) -> None:
    if not source.is_file():
        raise CopyFailed(f"there is no database at {source}")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
            contextlib.closing(sqlite3.connect(made)) as writing,
        ):
            reading.execute("PRAGMA busy_timeout=10000")
            reading.backup(
                writing
            )  # all pages in one step: a later write cannot make it start anew
            writing.execute("PRAGMA journal_mode=DELETE")
        _must_be_sound(made)
    except sqlite3.Error as error:
        raise CopyFailed(f"the database cannot be copied: {error}") from error


def _load_sqlite(place: Path, file: Path) -> None:
    part = place.with_name(place.name + ".part")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, part)
    try:
        _must_be_sound(part)
        _must_be_ours_alone(place)
    except CopyFailed:
        part.unlink()
        raise
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(place)
    handle = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)


def _must_be_sound(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        try:
            answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            answer = str(error)
    if answer != "ok":
        raise CopyFailed(f"{file.name} is damaged: {answer}")


def _must_be_ours_alone(place: Path) -> None:
    """Leaving WAL needs every other connection gone, and takes the WAL's own files away."""
    if not place.exists():
        return
    with contextlib.closing(sqlite3.connect(place, timeout=1)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "wal"
        except sqlite3.DatabaseError:
            mode = "delete"  # what lies there is no database any more: that is why we are here
    if mode != "delete":
        raise InUse("hub or jobs still use the database: stop them first")
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)


def _dump_mariadb(url: URL, made: Path) -> None:
    with _login(url) as login, tempfile.TemporaryFile() as complaints:
        command = [
            _program("mariadb-dump"),
            f"--defaults-extra-file={login}",
            *("--single-transaction", "--quick", "--hex-blob", "--no-tablespaces"),
            str(url.database),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process:
            tail = b""
            with gzip.open(made, "wb", compresslevel=6) as zipped:
                while process.stdout and (chunk := process.stdout.read(CHUNK_BYTES)):
                    zipped.write(chunk)
                    tail = (tail + chunk)[-200:]
            code = process.wait(LIMIT_S)
        complaints.seek(0)
        if code != 0 or END_OF_DUMP not in tail:
            raise CopyFailed(f"mariadb-dump failed: {complaints.read().decode()[-500:]}")


def _load_mariadb(url: URL, file: Path) -> None:
    with _login(url) as login, tempfile.TemporaryFile() as complaints:
        command = [_program("mariadb"), f"--defaults-extra-file={login}", str(url.database)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=complaints) as process:
            try:
                with gzip.open(file, "rb") as unzipped:
                    _pour(unzipped, process)
            except (OSError, EOFError) as error:
                process.kill()
                raise CopyFailed(
                    f"the copy could not be loaded, the database is not whole: {error}"
                ) from error
            code = process.wait(LIMIT_S)
        complaints.seek(0)
        if code != 0:
            raise CopyFailed(
                "the copy could not be loaded, the database is not whole: "
                + complaints.read().decode()[-500:]
            )


def _pour(source: gzip.GzipFile, process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is None:
        raise CopyFailed("the database's client takes no input")
    with process.stdin as sink:
        shutil.copyfileobj(source, sink, CHUNK_BYTES)


def _drop_all(database: Database) -> None:
    """Remove every table: also those that the copy, being older, does not know."""
    with database.engine.begin() as connection:
        found = MetaData()
        found.reflect(connection)
        connection.execute(text("SET foreign_key_checks=0"))
        for name in found.tables:
            connection.execute(text(f"DROP TABLE `{name}`"))
        connection.execute(text("SET foreign_key_checks=1"))
    database.close()


@contextmanager
def _scratch(database: Database, folder: Path) -> Iterator[Database]:
    if database.is_sqlite:
        made = Database(f"sqlite:///{folder / 'rehearsal.sqlite'}")
        yield made
        return
    name = f"{database.url.database}_rehearsal"
    with database.engine.begin() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS `{name}`"))
        connection.execute(text(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4"))
    try:
        yield Database(database.url.set(database=name).render_as_string(hide_password=False))
    finally:
        with database.engine.begin() as connection:
            connection.execute(text(f"DROP DATABASE `{name}`"))


@contextmanager
def _login(url: URL) -> Iterator[Path]:
    """Give a file with address and password, for our eyes only, as long as it is needed."""
    told = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    socket = url.query.get("unix_socket")
    lines = [
        f'{name}="{_quoted(str(value))}"'
        for name, value in (told | {"socket": socket}).items()
        if value is not None
    ]
    with tempfile.TemporaryDirectory(prefix="gatehouse-login-") as folder:  # made 0700
        file = Path(folder) / "login.cnf"
        file.write_text("\n".join(["[client]", *lines, ""]))
        file.chmod(0o600)
        yield file


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin")
    if found is None:
        raise CopyFailed(f"{name} is missing: apt install mariadb-client")
    return found
