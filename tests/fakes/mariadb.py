"""A private MariaDB server in a temporary folder: started on demand, ended by its process id."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pymysql

START_S = 60.0


def die_with_parent() -> None:
    """Ask the kernel to end this child when the test run dies, however it dies."""
    ctypes.CDLL("libc.so.6", use_errno=True).prctl(1, signal.SIGKILL)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MariaDb:
    """A running server. `root@127.0.0.1` has no password; nobody else can reach it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.process = subprocess.Popen(
            [
                _program("mariadbd"),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                f"--socket={self.folder / 'sock'}",
                f"--pid-file={self.folder / 'pid'}",
                f"--port={self.port}",
                "--bind-address=127.0.0.1",
                "--skip-log-bin",
                "--innodb-flush-log-at-trx-commit=1",
                "--innodb-buffer-pool-size=256M",
                *_as_user(),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            preexec_fn=die_with_parent,
        )
        ends_at = time.monotonic() + START_S
        while True:
            try:
                self.execute("SELECT 1")
                return
            except pymysql.Error:
                if self.process.poll() is not None or time.monotonic() > ends_at:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the server, gently unless another signal is given."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)

    def execute(self, statement: str) -> None:
        """Run one statement as root."""
        with (
            pymysql.connect(host="127.0.0.1", port=self.port, user="root") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def new_database(self) -> str:
        """Make an empty database and return its SQLAlchemy URL."""
        name = f"gh_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database made by `new_database`."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]}")


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/bin")
    if found is None:
        raise RuntimeError(f"{name} is missing: scripts/test.sh installs it (mariadb-server)")
    return found


def _as_user() -> list[str]:
    return [f"--user={pwd.getpwuid(os.geteuid()).pw_name}"]


@contextmanager
def private_mariadb() -> Iterator[MariaDb]:
    """Give a private server with no databases in it; end it and remove its files afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-mariadb-"))
    try:
        subprocess.run(
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *_as_user(),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
        )
        server = MariaDb(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
