"""What a process of the hub logs arrives in the database, whatever the database does meanwhile."""

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Table, event, select

from central.context import Hub
from central.http.request_ids import CURRENT
from central.jobs.house import forget_logs
from central.logs import store
from central.logs.lines import Line
from central.logs.shipping import Console, Shipping
from database.engine import Database
from database.models import Base, LogLine
from tests.fakes.house import wait_for

log = logging.getLogger("tests.shipping")


@pytest.fixture
def shipping(database: Database) -> Iterator[Shipping]:
    """A handler that hears the lines of this test."""
    made = Shipping(database, "hub", waiting_lines=10)
    log.setLevel(logging.DEBUG)
    log.addHandler(made)
    yield made
    log.removeHandler(made)
    made.finish()


def stored(database: Database) -> list[LogLine]:
    with database.reading() as session:
        return list(session.scalars(select(LogLine).order_by(LogLine.id)))


def bring_back(database: Database) -> None:
    """Make the table of lines anew, while the shipping thread knocks."""
    table: Table = LogLine.__table__  # type: ignore[assignment]
    database.write(lambda session: table.create(session.connection()))


def test_it_ships_lines_with_request_event_and_traceback(
    database: Database, shipping: Shipping
) -> None:
    uid = uuid4()
    shipping.start()
    token = CURRENT.set("boot-7:1")
    log.info("event %s", uid, extra={"event_uid": uid})
    CURRENT.reset(token)
    try:
        raise ValueError("the \0 reason\ud800")
    except ValueError:
        log.exception("it failed")
    log.debug("a detail")
    shipping.finish()
    first, second, third = stored(database)
    assert (first.source, first.level, first.message) == ("hub", "INFO", f"event {uid}")
    assert (first.request_id, first.event_uid) == ("boot-7:1", str(uid))
    assert (second.level, second.request_id, second.event_uid) == ("ERROR", None, None)
    assert second.message.startswith("it failed\nTraceback")
    assert second.message.endswith("ValueError: the \ufffd reason\ufffd")
    assert (third.level, third.message) == ("DEBUG", "a detail")
    assert first.at <= second.at <= third.at


def test_it_keeps_the_newest_lines_while_the_database_is_away_and_says_how_many_it_lost(
    database: Database, shipping: Shipping
) -> None:
    Base.metadata.drop_all(database.engine, [LogLine.__table__])  # type: ignore[list-item]
    for number in range(25):
        log.info("line %d", number)
    shipping.start()
    bring_back(database)
    wait_for(lambda: len(stored(database)) == 11, 10, "the lines do not arrive")
    first, *others = [line.message for line in stored(database)]
    assert first.startswith("15 log lines were lost here")
    assert others == [f"line {number}" for number in range(15, 25)]


def test_it_brings_what_waited_in_order_when_the_database_is_back(
    database: Database, shipping: Shipping
) -> None:
    Base.metadata.drop_all(database.engine, [LogLine.__table__])  # type: ignore[list-item]
    failed = threading.Event()
    event.listen(database.engine, "handle_error", lambda _context: failed.set())
    shipping.start()
    for number in range(3):
        log.info("line %d", number)
    assert failed.wait(10)
    bring_back(database)
    log.info("line 3")
    wait_for(lambda: len(stored(database)) == 4, 10, "the lines do not arrive")
    assert [line.message for line in stored(database)] == [f"line {n}" for n in range(4)]


def test_it_ends_in_time_when_the_database_never_comes_back(
    database: Database, shipping: Shipping
) -> None:
    Base.metadata.drop_all(database.engine, [LogLine.__table__])  # type: ignore[list-item]
    shipping.start()
    log.info("in vain")
    shipping.finish(2.0)
    assert not shipping._thread.is_alive()


def test_it_does_not_ship_what_the_database_says_of_itself(
    database: Database, shipping: Shipping
) -> None:
    shipping.start()
    for name in ("sqlalchemy.engine", "pymysql"):
        shipping.handle(logging.makeLogRecord({"name": name, "msg": "SELECT", "levelno": 30}))
    log.info("ours")
    shipping.finish()
    assert [line.message for line in stored(database)] == ["ours"]


def test_it_survives_a_log_call_with_a_mistake_in_it(
    database: Database, shipping: Shipping, capsys: pytest.CaptureFixture[str]
) -> None:
    shipping.start()
    # Handed over directly: pytest's own handlers raise for such a record.
    wrong = {"name": "ours", "msg": "%d lines", "args": ("no number",)}
    shipping.handle(logging.makeLogRecord(wrong))
    log.info("after it")
    shipping.finish()
    assert [line.message for line in stored(database)] == ["after it"]
    assert "no number" in capsys.readouterr().err


def test_it_says_on_stderr_which_request_a_line_speaks_of() -> None:
    record = logging.makeLogRecord({"msg": "it is away", "levelname": "WARNING"})
    assert Console().format(record) == "WARNING it is away"
    token = CURRENT.set("boot-7:1")
    assert Console().format(record) == "WARNING it is away (request boot-7:1)"
    CURRENT.reset(token)


def test_it_forgets_what_is_older_than_the_owner_wants_and_nothing_else(hub: Hub) -> None:
    now = hub.clock()
    days = hub.settings.log_days
    count = store.BITE + 5
    for age_days, number in ((days + 1, count), (days - 1, 3)):
        arrived = now - timedelta(days=age_days)
        line = Line("front", now, "INFO", f"{age_days}")
        store.add(hub.database, [line] * number, arrived)
    forget_logs(hub)
    assert [line.message for line in stored(hub.database)] == [f"{days - 1}"] * 3
