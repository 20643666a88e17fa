"""Real processes tell a real socket, as they would tell systemd, that they are ready and alive."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.systemd import Watched as AgentWatched
from central.systemd import Watched
from tests.fakes.house import House, house


class Listener:
    """The other end of `$NOTIFY_SOCKET`."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind("\0" + place[1:] if place.startswith("@") else place)

    def wait_for(self, word: str, within_s: float = 40) -> str:
        """Return the first message with a word in it."""
        ends_at = time.monotonic() + within_s
        while (left := ends_at - time.monotonic()) > 0:
            self._line.settimeout(left)
            try:
                said = self._line.recv(4096).decode()
            except TimeoutError:
                break
            if word in said:
                return said
        raise AssertionError(f"nobody said {word} within {within_s} s")

    def falls_silent(self, for_s: float, within_s: float) -> bool:
        """Tell whether nothing is said any more for some seconds, what is under way aside."""
        ends_at = time.monotonic() + within_s
        self._line.settimeout(for_s)
        while time.monotonic() < ends_at:
            try:
                self._line.recv(4096)
            except TimeoutError:
                return True
        return False

    def close(self) -> None:
        """Listen no longer."""
        self._line.close()


@contextmanager
def listening(home: House) -> Iterator[Listener]:
    listener = Listener(str(home.home / "notify"))
    home.settings["NOTIFY_SOCKET"] = listener.place
    yield listener
    listener.close()


@pytest.mark.parametrize("words", [("central", "serve"), ("central", "jobs")], ids=lambda w: w[1])
def test_it_says_that_it_is_ready_goes_on_saying_so_and_says_that_it_ends(
    words: tuple[str, ...],
) -> None:
    with house() as home, listening(home) as listener:
        home.start("it", *words)
        assert "STATUS=" in listener.wait_for("READY=1")
        listener.wait_for("WATCHDOG=1")
        listener.wait_for("WATCHDOG=1")
        home.stop("it")
        listener.wait_for("STOPPING=1")


def test_it_says_so_of_an_agent() -> None:
    with house() as home, listening(home) as listener:
        home.camera("front", "synthetic:1")
        home.start_agent("front")
        assert "camera front" in listener.wait_for("READY=1")
        listener.wait_for("WATCHDOG=1")
        home.stop("front")
        listener.wait_for("STOPPING=1")


def test_it_falls_silent_when_its_loop_no_longer_turns() -> None:
    with house() as home, listening(home) as listener:
        process = home.start("it", "central", "serve")
        listener.wait_for("READY=1")
        process.send_signal(signal.SIGSTOP)
        assert listener.falls_silent(for_s=3, within_s=15)
        process.send_signal(signal.SIGCONT)
        listener.wait_for("WATCHDOG=1")


def test_it_shows_all_threads_when_systemd_aborts_it() -> None:
    with house() as home, listening(home) as listener:
        process = home.start("it", "central", "jobs")
        listener.wait_for("READY=1")
        process.send_signal(signal.SIGABRT)
        process.wait(10)
        home.processes.pop("it")
        said = (home.home / "it.log").read_text()
        assert "Fatal Python error: Aborted" in said
        assert "stages/runner.py" in said


@pytest.mark.parametrize("kind", [Watched, AgentWatched])
@pytest.mark.parametrize("place", ["@gatehouse-test-{}", "{}/notify"])
def test_it_finds_the_socket_by_path_and_by_abstract_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Watched], place: str
) -> None:
    address = place.format(os.getpid() if place.startswith("@") else tmp_path)
    listener = Listener(address)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    kind().ready("here")
    assert "STATUS=here" in listener.wait_for("READY=1", 5)
    listener.close()


@pytest.mark.parametrize("kind", [Watched, AgentWatched])
def test_it_troubles_nobody_where_nobody_listens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Watched]
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    kind().ready("here")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    kind().ready("here")
    kind().alive()
    kind().stopping()
    assert list(tmp_path.iterdir()) == []
