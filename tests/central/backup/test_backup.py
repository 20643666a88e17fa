"""Backups are whole or absent, hold no secret, and come back as what they were."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from central.backup import folder
from central.backup.restore import restore
from central.clock import utc_now
from central.context import Hub
from central.jobs.house import back_up
from central.storage.check import violations
from database import copy
from database.copy import CopyFailed
from database.engine import Database
from database.migrate import at_head
from nfs.layout import FileKind, path_for
from tests.central.conftest import SetClock
from tests.central.storage.conftest import Recorded, files_on, ids_in
from tests.fakes.events import lay_small
from tests.fakes.mariadb import MariaDb


def test_it_makes_a_dated_folder_that_says_what_it_is(kept: Hub, record: Recorded) -> None:
    record(3)
    made = folder.make(kept)
    assert made == kept.settings.backup_folder / "2026-03-11T12-00-00Z"
    page = folder.read(made)
    assert page.made_at == kept.clock()
    assert page.revision in page.model_dump_json()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert folder.make(kept).name == "2026-03-11T12-00-00Z-1"


def test_it_brings_everything_back(kept: Hub, record: Recorded) -> None:
    before = record(5)
    made = folder.make(kept)
    kept.database.write(lambda session: session.execute(text("DELETE FROM event")))
    assert ids_in(kept) == []
    done = restore(kept, made)
    assert ids_in(kept) == before
    assert done.violation is None
    assert done.report is not None
    assert done.report.lines == ["0 events of the share registered"]
    assert at_head(kept.database)


def test_it_keeps_what_stood_before(kept: Hub, record: Recorded) -> None:
    made = folder.make(kept)
    ids = record(2)
    done = restore(kept, made)
    assert done.before is not None
    assert done.report is not None
    assert done.report.registered == 2
    restore(kept, done.before)
    assert ids_in(kept) == ids


def test_it_brings_events_back_that_are_newer_than_the_backup(kept: Hub, record: Recorded) -> None:
    record(2)
    made = folder.make(kept)
    newer = lay_small(kept.settings.share_root, kept.clock())
    done = restore(kept, made)
    assert done.report is not None
    assert done.report.registered == 1
    assert done.violation is None
    path = path_for("front", newer.timestamp, newer.uid, FileKind.CLIP)
    assert str(path) in files_on(kept)
    assert list(violations(kept, deep=True)) == []


@pytest.mark.parametrize("spoil", ["cut", "flip", "page", "gone"])
def test_it_refuses_a_backup_that_is_not_whole_and_changes_nothing(
    kept: Hub, record: Recorded, spoil: str
) -> None:
    ids = record(2)
    made = folder.make(kept)
    file = made / folder.read(made).database.name
    if spoil == "cut":
        os.truncate(file, file.stat().st_size // 2)
    elif spoil == "flip":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif spoil == "page":
        (made / folder.PAGE_NAME).write_text("{}")
    else:
        file.unlink()
    record(1)
    with pytest.raises(CopyFailed):
        restore(kept, made)
    assert len(ids_in(kept)) == len(ids) + 1


def test_it_refuses_a_backup_of_a_newer_gatehouse(kept: Hub) -> None:
    made = folder.make(kept)
    page = made / folder.PAGE_NAME
    page.write_text(page.read_text().replace(folder.read(made).revision, "9999_later"))
    with pytest.raises(CopyFailed, match="upgrade first"):
        restore(kept, made)


def test_it_refuses_to_restore_under_a_running_hub(kept: Hub, record: Recorded) -> None:
    record(1)
    made = folder.make(kept)
    other = Database(kept.database.url.render_as_string(hide_password=False))
    with other.reading() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(copy.InUse, match="stop them first"):
            restore(kept, made)
    other.close()
    assert len(ids_in(kept)) == 1


def test_it_keeps_the_newest_and_drops_what_was_cut_off(kept: Hub, clock: SetClock) -> None:
    for _number in range(4):
        folder.make(kept)
        clock.move(days=1)
    for name in ("2026-03-01T00-00-00Z.part", "2026-03-02T00-00-00Z.part"):
        (kept.settings.backup_folder / name).mkdir()
    long_ago = utc_now().timestamp() - 2 * 86400
    os.utime(kept.settings.backup_folder / "2026-03-01T00-00-00Z.part", (long_ago, long_ago))
    (kept.settings.backup_folder / "notes").mkdir()
    gone = folder.drop_old(kept.settings.backup_folder, 2)
    assert len(gone) == 3
    left = sorted(path.name for path in kept.settings.backup_folder.iterdir())
    assert left == [
        "2026-03-02T00-00-00Z.part",  # somebody is writing it now
        "2026-03-13T12-00-00Z",
        "2026-03-14T12-00-00Z",
        "notes",
    ]


def test_it_backs_up_once_a_day_however_often_it_is_asked(kept: Hub, clock: SetClock) -> None:
    for _number in range(3):
        back_up(kept)
        clock.move(hours=9)
    assert len(folder.every(kept.settings.backup_folder)) == 1
    back_up(kept)
    assert len(folder.every(kept.settings.backup_folder)) == 2


def test_it_leaves_no_folder_when_the_copy_fails(kept: Hub, tmp_path: Path) -> None:
    nowhere = Hub(kept.settings, Database(f"sqlite:///{tmp_path / 'none.db'}"), utc_now)
    with pytest.raises(CopyFailed):
        folder.make(nowhere)
    assert list(kept.settings.backup_folder.iterdir()) == []


def test_it_rehearses_a_migration_on_a_copy(kept: Hub, record: Recorded, tmp_path: Path) -> None:
    ids = record(2)
    head = copy.rehearse(kept.database, tmp_path)
    assert head == folder.read(folder.make(kept)).revision
    assert ids_in(kept) == ids


def test_it_says_what_a_migration_stumbles_over_and_leaves_the_database_alone(
    kept: Hub, record: Recorded, tmp_path: Path
) -> None:
    ids = record(2)
    kept.database.write(
        lambda session: session.execute(text("UPDATE alembic_version SET version_num='0001_spine'"))
    )
    with pytest.raises(CopyFailed, match="fails on a copy"):
        copy.rehearse(kept.database, tmp_path)
    assert ids_in(kept) == ids


def test_it_says_that_the_server_is_away(mariadb: MariaDb, tmp_path: Path) -> None:
    url = mariadb.new_database().rsplit("/", 1)[0] + "/nothing_here"
    with pytest.raises(CopyFailed, match="mariadb-dump failed"):
        copy.dump(Database(url), tmp_path)


def test_it_writes_a_login_that_the_client_reads_as_it_was_meant(mariadb: MariaDb) -> None:
    password = 'a "quoted" \\ # one'
    mariadb.execute(
        "CREATE OR REPLACE USER odd@'127.0.0.1' IDENTIFIED BY '"
        + password.replace("\\", "\\\\")
        + "'"
    )
    url = Database(mariadb.new_database()).url.set(username="odd", password=password)
    with copy._login(url) as login:
        assert stat.S_IMODE(login.stat().st_mode) == 0o600
        done = subprocess.run(
            ["mariadb", f"--defaults-extra-file={login}", "-e", "SELECT 1"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert not login.exists()
