"""Decoding and encoding for simulated cameras. The only importer of PyAV in the agent."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image

from agent.sources.base import Luma, Packet, SourceError

LUMA_WIDTH = 320
LONGEST_GOP_S = 2.5
"""A file whose keyframes are further apart is encoded anew: pre-roll starts at keyframes."""

JPEG_QUALITY = 85
MICROSECOND = Fraction(1, 1_000_000)


class _Scalers(threading.local):
    """A scaler for each thread and kind of picture.

    `frame.reformat` keeps its scaler in the frame: a still taken while the same frame becomes luma
    in another thread would use one scaler twice at once, and both would wait for ever (seen).
    """

    def __init__(self) -> None:
        self.by_format: dict[str, VideoReformatter] = {}


_SCALERS = _Scalers()


def _scaled(frame: VideoFrame, width: int, height: int, pixels: str) -> VideoFrame:
    scaler = _SCALERS.by_format.setdefault(pixels, VideoReformatter())
    return scaler.reformat(frame, width, height, pixels, interpolation="FAST_BILINEAR")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and when it is shown, in µs from the file's first decode time."""

    frame: VideoFrame
    at_us: int

    def luma(self) -> Luma:
        """Return the brightness, scaled to about `LUMA_WIDTH` across; shape (height, width)."""
        frame = self.frame
        width = min(LUMA_WIDTH, frame.width) // 2 * 2
        height = max(2, round(frame.height * width / frame.width) // 2 * 2)
        small = _scaled(frame, width, height, "gray")
        return np.ascontiguousarray(small.to_ndarray(), dtype=np.uint8)

    def jpeg(self) -> bytes:
        """Return the picture in full size as JPEG."""
        out = io.BytesIO()
        rgb = _scaled(self.frame, self.frame.width, self.frame.height, "rgb24")
        Image.fromarray(rgb.to_ndarray()).save(out, "JPEG", quality=JPEG_QUALITY)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Step:
    """What one packet of a file gives: the packet itself, when it is copied, and its pictures."""

    packet: Packet | None
    at_us: int
    pictures: list[Picture]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a video file holds. `copyable` H.264 goes to the clip untouched."""

    width: int
    height: int
    frames_per_s: float
    copyable: bool


def examine(path: str) -> FileFacts:
    """Read a file's headers and packets, without decoding. Raises SourceError."""
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            rate = float(stream.average_rate or stream.guessed_rate or 10)
            headers = bytes(context.extradata or b"")
            plain = (
                context.name == "h264" and context.pix_fmt == "yuv420p" and headers[:1] == b"\x01"
            )
            times = [
                float(packet.pts * cast(Fraction, stream.time_base))
                for packet in container.demux(stream)
                if packet.is_keyframe and packet.pts is not None
            ]
            ends = float(stream.duration or 0) * float(cast(Fraction, stream.time_base))
            gaps = [late - early for early, late in zip(times, [*times[1:], ends], strict=False)]
            close = bool(times) and max(gaps, default=0) <= LONGEST_GOP_S
            return FileFacts(context.width, context.height, rate, plain and close)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise SourceError(f"{path} cannot be played: {error}") from error


def play(path: str, *, copy: bool) -> Iterator[Step]:
    """Go once through a file, in decode order; times count from its first decode time.

    Pictures that cannot be decoded are left out. Raises SourceError when the file cannot be read.
    """
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # frame threads would hold pictures back
            base = cast(Fraction, stream.time_base)
            annex_b = BitStreamFilterContext("h264_mp4toannexb", stream) if copy else None
            first: int | None = None
            for packet in container.demux(stream):
                dts = packet.dts if packet.dts is not None else packet.pts
                if first is None:
                    first = dts or 0
                pictures = list(_decode(packet, base, first))
                if not packet.size or dts is None:
                    yield Step(None, _us(dts or first, base, first), pictures)
                    continue
                at_us = _us(dts, base, first)
                yield Step(_copied(annex_b, packet, base, first), at_us, pictures)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise SourceError(f"{path} cannot be played: {error}") from error


def _decode(packet: Any, base: Fraction, first: int) -> Iterator[Picture]:
    try:
        for frame in packet.decode():
            if frame.pts is not None:
                yield Picture(frame, _us(frame.pts, base, first))
    except av.FFmpegError:
        return  # a damaged picture; the next keyframe mends it


def _copied(
    annex_b: BitStreamFilterContext | None, packet: Any, base: Fraction, first: int
) -> Packet | None:
    """Return a packet as Annex B. Must come after decoding: the filter takes the packet's data."""
    if annex_b is None:
        return None
    pts = packet.pts if packet.pts is not None else packet.dts
    times = (_us(pts, base, first), _us(packet.dts, base, first))
    keyframe = packet.is_keyframe
    data = b"".join(bytes(part) for part in annex_b.filter(packet))
    return Packet(data, *times, keyframe)


def _us(ticks: int, base: Fraction, first: int) -> int:
    return round((ticks - first) * base * 1_000_000)


class Encoder:
    """H.264 as a camera's own encoder makes it: no delay, a keyframe a second, headers repeated."""

    def __init__(self, width: int, height: int, frames_per_s: float) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = width // 2 * 2, height // 2 * 2
        context.pix_fmt = "yuv420p"
        context.time_base = MICROSECOND
        context.framerate = Fraction(frames_per_s).limit_denominator(1000)
        context.gop_size = max(1, round(frames_per_s))
        context.options = {
            "preset": "veryfast",
            "tune": "zerolatency",
            "crf": "25",
            "x264-params": "repeat-headers=1:scenecut=0:open-gop=0:annexb=1",
        }
        self._context = context

    def encode(self, frame: VideoFrame, at_us: int) -> list[Packet]:
        """Encode one picture shown at `at_us`; return what is ready, normally one packet."""
        context = self._context
        ready = _scaled(frame, context.width, context.height, "yuv420p")
        ready.pts, ready.time_base = at_us, MICROSECOND
        return [
            Packet(bytes(packet), packet.pts or 0, packet.dts or 0, packet.is_keyframe)
            for packet in context.encode(ready)
        ]


def picture_of(rgb: Any, at_us: int) -> Picture:
    """Wrap an array of shape (height, width, 3), uint8 RGB."""
    return Picture(VideoFrame.from_ndarray(rgb, format="rgb24"), at_us)
