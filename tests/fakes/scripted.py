"""A source and a detector that do what a test says: real packets, a motion at given frames."""

import io
import time

from PIL import Image

from agent.motion.detector import MotionDetector
from agent.motion.verdict import Box, Verdict
from agent.sources.base import LumaFrame, Packet, Sink, SourceInfo
from agent.sources.scene import Scene
from tests.fakes.events import encoded

FRAME_US = 100_000


def jpeg() -> bytes:
    """Return a real picture."""
    out = io.BytesIO()
    Image.fromarray(Scene(1).picture(7)).save(out, "JPEG")
    return out.getvalue()


class ScriptedSource:
    """Pushes when told to, as fast as it can; its clock runs with the frames it pushed."""

    def __init__(self) -> None:
        self._sink: Sink | None = None
        self._still = jpeg()
        self._luma = Scene(1).picture(0)[::4, ::4, 0].copy()

    def start(self, sink: Sink) -> SourceInfo:
        """Remember where to push."""
        self._sink = sink
        return SourceInfo("scripted", 320, 240, 10.0)

    def stop(self) -> None:
        """Nothing runs."""

    def still_jpeg(self) -> bytes | None:
        """Return a picture."""
        return self._still

    def wall_offset_us(self) -> int:
        """Return what makes frame 0 now."""
        return time.time_ns() // 1000

    def position_s(self, at_us: int) -> float | None:
        """Return the time since frame 0."""
        return at_us / 1e6

    def push(self, frames: int) -> None:
        """Push so many frames; the encoded clip is looped."""
        data, units = encoded()
        at = 0
        for number in range(frames):
            unit = units[number % len(units)]
            at = 0 if number % len(units) == 0 else at
            part = data[at : at + unit.size_bytes]
            at += unit.size_bytes
            if self._sink is not None:
                us = number * FRAME_US
                self._sink.on_packet(Packet(part, us, us, unit.keyframe))
                self._sink.on_luma(LumaFrame(self._luma, us))
            if number % 20 == 0:
                time.sleep(0.02)  # the pipeline's thread gets its turn

    def fail(self, reason: str) -> None:
        """Give up."""
        if self._sink is not None:
            self._sink.on_failure(reason)


class ScriptedDetector(MotionDetector):
    """Sees motion exactly in the frames it was told."""

    def __init__(self, moving: range) -> None:
        super().__init__()
        self._moving = moving

    def observe(self, frame: LumaFrame) -> Verdict:
        """Say what the script says."""
        number = frame.at_us // FRAME_US
        if number not in self._moving:
            return Verdict(frame.at_us, moving=False)
        return Verdict(
            frame.at_us,
            moving=True,
            since_us=self._moving.start * FRAME_US,
            score=float(number),
            confidence=50.0,
            boxes=(Box(0.1, 0.1, 0.2, 0.2),),
            reason="scripted",
        )
