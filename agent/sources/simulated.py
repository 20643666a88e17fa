"""What simulated cameras share: a thread, a steady clock, and the latest picture for stills."""

import logging
import threading
import time
from abc import ABC, abstractmethod

from agent.sources.base import LumaFrame, Sink, SourceError, SourceInfo
from agent.sources.codec import Picture

log = logging.getLogger(__name__)


def now_us() -> int:
    """Return the steady clock of all simulated cameras, in µs."""
    return time.monotonic_ns() // 1000


class SimulatedCamera(ABC):
    """Runs `play` in a thread; subclasses show pictures and push packets from there."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._latest: Picture | None = None

    @abstractmethod
    def prepare(self) -> SourceInfo:
        """Open what is needed and say what will come. Raises SourceError."""

    @abstractmethod
    def play(self, sink: Sink) -> None:
        """Push until `self.over()`. May raise SourceError."""

    def start(self, sink: Sink) -> SourceInfo:
        """Start the camera. Raises SourceError."""
        info = self.prepare()
        self._over.clear()
        self._thread = threading.Thread(target=self._run, args=(sink,), name="source", daemon=True)
        self._thread.start()
        return info

    def stop(self) -> None:
        """End the camera's thread."""
        self._over.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(3)

    def still_jpeg(self) -> bytes | None:
        """Return the latest picture as JPEG."""
        picture = self._latest
        return picture.jpeg() if picture else None

    def wall_offset_us(self) -> int:
        """Return what leads from the steady clock to UTC now."""
        return time.time_ns() // 1000 - now_us()

    def over(self) -> bool:
        """Tell whether the camera is to stop."""
        return self._over.is_set()

    def wait_until(self, at_us: int) -> bool:
        """Wait for a moment of the steady clock; False when the camera is to stop first."""
        return not self._over.wait(max(0.0, (at_us - now_us()) / 1e6))

    def show(self, sink: Sink, picture: Picture) -> None:
        """Make a picture the latest one and give its luma to the detector."""
        self._latest = picture
        sink.on_luma(LumaFrame(picture.luma(), picture.at_us))

    def _run(self, sink: Sink) -> None:
        try:
            self.play(sink)
        except SourceError as error:
            sink.on_failure(str(error))
