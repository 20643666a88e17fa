"""Both databases for every test that wants one, and the proof that both were used."""

from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from database.engine import Database
from database.models import Base
from tests.fakes.mariadb import MariaDb, private_mariadb

ENGINES = ("sqlite", "mariadb")
_passed: Counter[str] = Counter()
_skipped: list[str] = []


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    with private_mariadb() as server:
        yield server


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once per engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: MariaDb = request.getfixturevalue("mariadb")
    url = server.new_database()
    yield url
    server.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with all tables, once per engine."""
    made = Database(database_url)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)
    if report.when == "call" and report.passed:
        for engine in ENGINES:
            if f"[{engine}" in report.nodeid or f"-{engine}" in report.nodeid:
                _passed[engine] += 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Reports cross a pipe as UTF-8; what tests of odd text have logged is not always that."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skipped test has proved nothing, and one engine alone only half: both are failures."""
    if hasattr(session.config, "workerinput"):
        return  # one of several processes: it has seen a part only
    if _skipped or len({_passed[engine] for engine in ENGINES}) > 1:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = ", ".join(f"{engine} {_passed[engine]}" for engine in ENGINES)
    terminalreporter.write_line(f"database tests: {counts}")
    for name in _skipped:
        terminalreporter.write_line(f"FAILED because it was skipped: {name}")
