"""A camera that plays what a test tells it, much faster than real time, from its own thread."""

import io
import threading
import time

import numpy as np
from PIL import Image

from agent.sources.base import LumaFrame, Packet, Sink, SourceInfo

FRAME_US = 100_000
WIDTH, HEIGHT = 320, 240
START_US = 7_000_000_000
"""The source's clock is its own: nothing may take it for the time of day."""


class FakeSource:
    """Shows a square that walks through the picture while `walks` says so, frame by frame.

    `packet_bytes` is the size of each packet, `fails` what the camera says at the end, if anything.
    """

    def __init__(
        self, walks: list[bool], *, packet_bytes: int = 200, fails: str = "", gop: int = 10
    ) -> None:
        self.walks = walks
        self.pushed: list[Packet] = []
        self.played = threading.Event()
        self.broken_stills = False
        self._packet_bytes = packet_bytes
        self._fails = fails
        self._gop = gop
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, sink: Sink) -> SourceInfo:
        self._thread = threading.Thread(target=self._play, args=(sink,), daemon=True)
        self._thread.start()
        return SourceInfo("fake", WIDTH, HEIGHT, 10.0, synthetic=True)

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(3)

    def still_jpeg(self) -> bytes | None:
        if self.broken_stills:
            raise RuntimeError("the camera gives no still")
        out = io.BytesIO()
        Image.new("RGB", (1280, 720), (90, 120, 60)).save(out, "JPEG")
        return out.getvalue()

    def wall_offset_us(self) -> int:
        return 1_770_000_000_000_000 - START_US

    def position_s(self, at_us: int) -> float | None:
        return (at_us - START_US) / 1e6

    def _play(self, sink: Sink) -> None:
        steps = 0
        noise = np.random.default_rng(1)
        for number, walking in enumerate(self.walks):
            if self._over.is_set():
                break
            at = START_US + number * FRAME_US
            luma = noise.integers(98, 103, (HEIGHT, WIDTH), dtype=np.uint8)
            steps = steps + 1 if walking else 0
            if walking:
                left = 4 * steps % (WIDTH - 60)
                luma[80:180, left : left + 40] = 200
            keyframe = number % self._gop == 0
            packet = Packet(bytes([number % 256]) * self._packet_bytes, at, at, keyframe)
            self.pushed.append(packet)
            sink.on_packet(packet)
            sink.on_luma(LumaFrame(luma, at))
            time.sleep(0.003)  # thirty times as fast as a camera: no test is to drop frames
        if self._fails:
            sink.on_failure(self._fails)
        self.played.set()


def scene(*parts: tuple[bool, float]) -> list[bool]:
    """Return what to play, given as (walking, seconds)."""
    return [walking for walking, seconds in parts for _ in range(round(seconds * 10))]
