"""A way to the hub that can be broken to order: a small TCP proxy on loopback.

It passes bytes on without understanding them, but for the reply of a request: to lose one, it must
have let the hub do the work first. One instance has one `mode` at a time, which new requests obey.
"""

import random
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

PIECE_BYTES = 65536


class Mode(StrEnum):
    """What happens to a request."""

    PASS = "pass"
    REFUSE = "refuse"  # the connection is reset
    ERROR = "500"
    BUSY = "503"  # with Retry-After: 1
    TOO_MANY = "429"  # with Retry-After: 1
    HANG = "hang"  # nothing is answered until the mode changes
    LOSE = "lose"  # the hub does the work; its reply never arrives


_ANSWERS = {
    Mode.ERROR: b"HTTP/1.1 500 Internal Server Error\r\n",
    Mode.BUSY: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n",
    Mode.TOO_MANY: b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n",
}
_END = b"Connection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Proxy:
    """Listens on `port`, passes to `target`. `losing` is the share of replies lost while passing.

    `count` says how many requests met which mode; `lost` how many replies were lost.
    """

    target: int
    losing: float = 0.0
    seed: int = 1
    mode: Mode = Mode.PASS
    port: int = 0
    count: dict[Mode, int] = field(default_factory=lambda: dict.fromkeys(Mode, 0))
    lost: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._over = threading.Event()
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where agents find the hub."""
        return f"http://127.0.0.1:{self.port}"

    def set(self, mode: Mode) -> None:
        """From now on do this, also on connections that are open."""
        self.mode = mode
        if mode is not Mode.PASS:
            self._close_all()

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the end."""
        while not self._over.is_set():
            if not select.select([listener], [], [], 0.2)[0]:
                continue
            client, _ = listener.accept()
            threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def end(self) -> None:
        """Drop everything."""
        self._over.set()
        self._close_all()

    def _converse(self, client: socket.socket) -> None:
        self._keep(client)
        hub: socket.socket | None = None
        try:
            while not self._over.is_set():
                request = _whole_message(client)
                if not request:
                    return
                if not self._pass_on():
                    self._break(client)
                    return
                hub = hub or self._to_hub()
                hub.sendall(request)
                reply = _whole_message(hub)
                if not reply or self._loses():
                    return
                client.sendall(reply)
        except OSError:
            return
        finally:
            for end in (client, hub):
                if end is not None:
                    self._drop(end)

    def _pass_on(self) -> bool:
        with self._guard:
            self.count[self.mode] += 1
        return self.mode in (Mode.PASS, Mode.LOSE)

    def _loses(self) -> bool:
        with self._guard:
            loses = self.mode is Mode.LOSE or self._dice.random() < self.losing
            self.lost += loses
        return loses

    def _break(self, client: socket.socket) -> None:
        mode = self.mode
        if mode in _ANSWERS:
            client.sendall(_ANSWERS[mode] + _END)
        while mode is Mode.HANG is self.mode and not self._over.wait(0.1):
            pass

    def _to_hub(self) -> socket.socket:
        hub = socket.create_connection(("127.0.0.1", self.target), 5)
        hub.settimeout(60)
        self._keep(hub)
        return hub

    def _keep(self, end: socket.socket) -> None:
        with self._guard:
            self._open.add(end)

    def _drop(self, end: socket.socket) -> None:
        with self._guard:
            self._open.discard(end)
        end.close()

    def _close_all(self) -> None:
        with self._guard:
            ends = list(self._open)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _whole_message(end: socket.socket) -> bytes:
    """Read one HTTP/1.1 message with a Content-Length or none; empty when the other end closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = end.recv(PIECE_BYTES)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    due = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            due = int(value)
    while len(body) < due:
        piece = end.recv(PIECE_BYTES)
        if not piece:
            return b""
        body += piece
    return head + b"\r\n\r\n" + body


@contextmanager
def proxy(target: int, **settings: float) -> Iterator[Proxy]:
    """Serve a proxy to a port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Proxy(target, port=listener.getsockname()[1], **settings)  # type: ignore[arg-type]
        thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.end()
            thread.join(5)
