"""Migrated and fresh databases are the same, and the dumps in the repository show them."""

from pathlib import Path

from sqlalchemy import text

from database import dump
from database.engine import Database
from database.migrate import at_head, upgrade
from database.models import Base


def test_it_migrates_to_what_the_models_say(database_url: str, tmp_path: Path) -> None:
    migrated = Database(database_url)
    upgrade(migrated)
    shown = dump.ddl(migrated)
    with migrated.engine.connect() as connection:
        if migrated.is_sqlite:
            fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
        else:
            connection.execute(text("DROP TABLE alembic_version"))
            Base.metadata.drop_all(connection)
            connection.commit()
            fresh = migrated
    Base.metadata.create_all(fresh.engine)
    assert dump.ddl(fresh) == shown
    fresh.close()
    migrated.close()


def test_it_keeps_the_dump_in_the_repository_true(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    assert dump.path_of(database).read_text() == dump.ddl(database)
    database.close()


def test_it_can_be_run_again_and_knows_that_it_is_done(database_url: str) -> None:
    database = Database(database_url)
    assert not at_head(database)
    assert upgrade(database) == upgrade(database)
    assert at_head(database)
    database.close()


def test_it_lets_several_migrate_at_once(database_url: str) -> None:
    import threading

    errors: list[Exception] = []

    def run() -> None:
        own = Database(database_url)
        try:
            upgrade(own)
        except Exception as error:
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_it_brings_events_of_the_first_version_along(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database, "0001_spine")
    at = "'2026-11-20 12:00:00.000000'"
    with database.engine.begin() as connection:
        for statement in (
            "INSERT INTO camera (id, camera_id, name, location, ip_address, status, frames_per_s,"
            " created_at, updated_at, version)"
            f" VALUES (1, 'a', 'A', 'x', '', 'on', 15, {at}, {at}, 1)",
            "INSERT INTO event (id, uid, camera, started_at, motion_score, clip, segment, salvaged,"
            f" content_sha256, created_at) VALUES (7, 'u', 1, {at}, 1,"
            f" '{{\"duration_us\": 2500000}}', 1, 0, '', {at})",
            "INSERT INTO event (id, uid, camera, started_at, motion_score, clip, segment, salvaged,"
            f" content_sha256, created_at) VALUES (8, 'v', 1, {at}, 1, 'null', 1, 0, '', {at})",
            f"INSERT INTO event_file (event, kind, path, created_at) VALUES (7, 'clip', 'p', {at})",
        ):
            connection.exec_driver_sql(statement)
    upgrade(database)
    with database.engine.connect() as connection:
        lengths = connection.execute(text("SELECT id, duration_s FROM event ORDER BY id")).all()
        files = connection.execute(text("SELECT event, transferred FROM event_file")).all()
        totals = connection.execute(text("SELECT camera, events FROM event_total")).all()
    assert [tuple(row) for row in lengths] == [(7, 2.5), (8, None)]
    assert [tuple(row) for row in files] == [(7, 1)]
    assert [tuple(row) for row in totals] == [(1, 2)]
    database.close()
