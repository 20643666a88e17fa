"""The script that makes the database on a real MariaDB: run as a maintainer would run it."""

import stat
import subprocess
from pathlib import Path

import pymysql
import pytest

from database.engine import Database
from database.migrate import upgrade
from tests.fakes.mariadb import MariaDb

SCRIPT = Path(__file__).parents[2] / "database/setup_database.sh"


def run(server: MariaDb, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(SCRIPT), "--database", "gh_setup", "--user", "gh_user", "--out", str(out)),
            *(*options, "--", "-h127.0.0.1", f"-P{server.port}", "-uroot"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def url_in(out: Path) -> str:
    return out.read_text().strip().removeprefix("GATEHOUSE_DATABASE_URL=")


def test_it_makes_a_database_that_migrates_and_may_be_run_again(
    mariadb: MariaDb, tmp_path: Path
) -> None:
    out = tmp_path / "database.env"
    first = run(mariadb, out)
    assert first.returncode == 0, first.stderr
    url = url_in(out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert url.split(":")[2].split("@")[0] not in first.stdout
    database = Database(url)
    upgrade(database)
    again = run(mariadb, out)
    assert again.returncode == 0, again.stderr
    assert url_in(out) == url
    upgrade(database)
    database.close()


def test_it_gives_the_user_nothing_but_its_own_database(mariadb: MariaDb, tmp_path: Path) -> None:
    out = tmp_path / "database.env"
    assert run(mariadb, out).returncode == 0
    password = url_in(out).split(":")[2].split("@")[0]
    with (
        pymysql.connect(
            host="127.0.0.1", port=mariadb.port, user="gh_user", password=password
        ) as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.Error),
    ):
        cursor.execute("SELECT * FROM mysql.global_priv")


def test_it_changes_nothing_in_a_dry_run(mariadb: MariaDb, tmp_path: Path) -> None:
    out = tmp_path / "database.env"
    done = run(mariadb, out, "--dry-run")
    assert done.returncode == 0
    assert "Would run" in done.stdout
    assert not out.exists()


@pytest.mark.parametrize("name", ["a`b", "a'b", "", "a b"])
def test_it_refuses_a_name_that_could_be_sql(mariadb: MariaDb, tmp_path: Path, name: str) -> None:
    done = run(mariadb, tmp_path / "x", "--database", name)
    assert done.returncode == 1
