"""What every source of pictures offers, shaped after picamera2's callbacks.

A source runs its own threads. It pushes luma planes and encoded packets into a `Sink`, from any
thread but each kind always from one and the same, and never waits for what the sink does with them:
sinks must return at once. Times are microseconds of one steady clock of the source's own choosing
(`SensorTimestamp` on a Pi), the same for luma and packets; `Source.wall_offset_us` leads to UTC.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
"""Shape (height, width): brightness of the low-resolution stream, rows without padding."""


@dataclass(frozen=True, slots=True)
class LumaFrame:
    """One low-resolution picture for the motion detector."""

    luma: Luma
    at_us: int


@dataclass(frozen=True, slots=True)
class Packet:
    """One H.264 access unit (Annex B). A keyframe carries its SPS and PPS in front."""

    data: bytes
    pts_us: int
    dts_us: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a started source delivers. `kind` is picamera2, file, v4l2, rtsp or synthetic."""

    kind: str
    width: int
    height: int
    frames_per_s: float
    synthetic: bool = False


class Sink(Protocol):
    """Takes what a source makes. Must return within a millisecond or so and never raise."""

    def on_luma(self, frame: LumaFrame) -> None: ...

    def on_packet(self, packet: Packet) -> None: ...

    def on_failure(self, reason: str) -> None:
        """The source has stopped for good and will push no more."""


class Source(Protocol):
    """One camera. `start` returns once pictures are under way or raises SourceError."""

    def start(self, sink: Sink) -> SourceInfo: ...

    def stop(self) -> None:
        """End all threads of the source; idempotent; returns within 3 s."""

    def still_jpeg(self) -> bytes | None:
        """Return the latest full-size picture as JPEG, or None before the first one.

        May take 100 ms on a Pi: call it from a worker thread, never from a sink.
        """

    def wall_offset_us(self) -> int:
        """Return what to add to a time of this source to get microseconds since 1970, UTC, now."""

    def position_s(self, at_us: int) -> float | None:
        """Return the place in looped footage shown at `at_us`, or None for live cameras."""


class SourceError(Exception):
    """The source cannot deliver. The text tells the owner what to do."""
