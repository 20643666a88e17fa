"""Raw H.264 and its timing become an MP4 with exactly those times. Runs as a child process.

`python -m central.media.mux` reads one JSON job a line on stdin and answers one JSON line each;
`central.media.child` is its other end. A process of its own, because a broken clip may hang or kill
the decoder; a lasting one, because starting Python costs more than muxing does.
The only importer of PyAV in the hub.
"""

import errno
import hashlib
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from nfs import timing
from nfs.beneath import open_beneath
from nfs.timing import AccessUnit

TICKS_PER_S = 90_000
"""Time base of the MP4: the one every player is tested with; rounds times by ≤ 6 µs."""

TOLERANCE_US = 1000
POSTER_QUALITY = 4
"""MJPEG quantiser, 2 best to 31 worst."""


class BadClip(Exception):
    """The clip cannot become a video. The text is shown to the owner."""


@dataclass(frozen=True)
class Job:
    """What to make of what. `clip` and `timing` are relative to the share's `root`.

    `timing` is None for agents that record none.

    `peak_us` is the moment for the poster; None where nobody knows when the motion was.
    """

    root: str
    clip: str
    timing: str | None
    frames_per_s: float
    peak_us: int | None
    mp4: str
    poster: str


@dataclass(frozen=True)
class Made:
    """What was made and checked, and of how many bytes of clip."""

    clip_bytes: int
    packets: int
    duration_us: int
    width: int
    height: int
    mp4_bytes: int
    mp4_sha256: str
    poster_bytes: int


def make(job: Job) -> Made:
    """Write MP4 and poster, check both by reading them back. Raises BadClip or OSError."""
    data = _read(job.root, job.clip)
    units = _units(job, data)
    write_mp4(data, units, job.mp4)
    width, height = check_mp4(job.mp4, units)
    duration_us = timing.duration_us(units)
    # Old agents begin their clips before the motion: its middle shows more than its first picture.
    poster = picture_at(job.mp4, duration_us // 2 if job.peak_us is None else job.peak_us)
    _write_durably(job.poster, poster)
    size, digest = _sync_and_hash(job.mp4)
    return Made(len(data), len(units), duration_us, width, height, size, digest, len(poster))


def _read(root: str, relative: str) -> bytes:
    # Not by its path: a link of one camera's agent could lead to the footage of another camera.
    try:
        with open_beneath(Path(root), relative) as file:
            return file.read()
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ELOOP:
            raise BadClip(f"{Path(relative).name} is no plain file of its own") from error
        raise


def _units(job: Job, data: bytes) -> list[AccessUnit]:
    if not data:
        raise BadClip("the clip is empty")
    if job.timing is None:
        return list(_evenly(job, data))
    units = timing.read(_read(job.root, job.timing))
    if not units:
        raise BadClip("the timing file holds no whole line")
    described = sum(unit.size_bytes for unit in units)
    if described != len(data):
        raise BadClip(
            f"the clip has {len(data):,} bytes, but its timing file describes {described:,}"
        )
    return units


def _evenly(job: Job, data: bytes) -> Iterator[AccessUnit]:
    """Give access units that carry no times even ones, at the camera's frame rate."""
    rate = str(Fraction(job.frames_per_s).limit_denominator(1000))
    try:
        with av.open(io.BytesIO(data), "r", format="h264", options={"framerate": rate}) as source:
            packets = [packet for packet in source.demux(video=0) if packet.size]
    except (av.FFmpegError, IndexError) as error:
        raise BadClip(f"no H.264 can be read from the clip: {error}") from error
    if not packets:
        raise BadClip("no H.264 can be read from the clip")
    for number, packet in enumerate(packets):
        at_us = round(number * 1e6 / job.frames_per_s)
        yield AccessUnit(at_us, at_us, packet.size, packet.is_keyframe)


def write_mp4(data: bytes, units: list[AccessUnit], out: str) -> None:
    """Wrap the access units, untouched, in an MP4 whose `moov` stands first. Raises BadClip."""
    if not units[0].keyframe:
        raise BadClip("the clip does not begin with a keyframe")
    try:
        with (
            av.open(io.BytesIO(data), "r", format="h264") as source,
            av.open(out, "w", format="mp4", options={"movflags": "+faststart"}) as target,
        ):
            template = source.streams.video[0]
            if not template.codec_context.width:
                raise BadClip("the clip says nowhere how large its pictures are")
            stream = target.add_stream_from_template(template)
            stream.time_base = Fraction(1, TICKS_PER_S)
            for packet in _packets(data, units):
                packet.stream = stream
                target.mux(packet)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise BadClip(f"the clip cannot be wrapped: {error}") from error


def _packets(data: bytes, units: list[AccessUnit]) -> Iterator["av.Packet[VideoStream]"]:
    at = 0
    first = units[0].dts_us
    for unit in units:
        packet = cast("av.Packet[VideoStream]", av.Packet(data[at : at + unit.size_bytes]))
        at += unit.size_bytes
        packet.time_base = Fraction(1, TICKS_PER_S)
        packet.pts = _ticks(unit.pts_us - first)
        packet.dts = _ticks(unit.dts_us - first)
        packet.is_keyframe = unit.keyframe
        yield packet


def _ticks(us: int) -> int:
    return round(us * TICKS_PER_S / 1_000_000)


def check_mp4(path: str, units: list[AccessUnit]) -> tuple[int, int]:
    """Read the MP4 back; return width and height. Raises BadClip unless it holds what it must."""
    if top_level_boxes(path)[:2] != ["ftyp", "moov"]:
        raise BadClip("the MP4 was cut off while it was written")
    with av.open(path) as container:
        stream = container.streams.video[0]
        base = cast(Fraction, stream.time_base)
        found = sorted(
            round(packet.pts * base * 1_000_000)
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        )
        wanted = sorted(unit.pts_us for unit in units)
        if len(found) != len(wanted):
            raise BadClip(f"the MP4 holds {len(found)} pictures instead of {len(wanted)}")
        for there, due in zip(found, wanted, strict=True):
            if abs((there - found[0]) - (due - wanted[0])) > TOLERANCE_US:
                raise BadClip("the MP4 shows its pictures at other times than the camera took them")
        return stream.codec_context.width, stream.codec_context.height


def top_level_boxes(path: str) -> list[str]:
    """Return the names of an MP4's outermost boxes, in order, as far as they are whole."""
    names = []
    size_of_file = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        while (header := file.read(8)) and len(header) == 8:
            size = int.from_bytes(header[:4], "big")
            start = file.tell() - 8
            if size == 1:
                size = int.from_bytes(file.read(8), "big")
            if size < 8 or start + size > size_of_file:
                break
            names.append(header[4:].decode("latin-1"))
            file.seek(start + size)
    return names


def picture_at(path: str, at_us: int) -> bytes:
    """Return the picture shown at `at_us` of an MP4 as JPEG, or the nearest before it that decodes.

    Raises BadClip when not a single picture can be decoded.
    """
    chosen: VideoFrame | None = None
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        base = cast(Fraction, stream.time_base)
        container.seek(int(at_us / 1_000_000 / base), stream=stream)
        for frame in _decodable(container, stream):
            if chosen is not None and frame.pts is not None and frame.pts * base * 1e6 > at_us:
                break
            chosen = frame
    if chosen is None:
        raise BadClip("not a single picture of the clip can be decoded")
    return _jpeg(chosen)


def _decodable(container: Any, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        try:
            yield from cast(list[VideoFrame], packet.decode())
        except av.FFmpegError:
            continue  # a damaged picture; the next may be whole


def _jpeg(frame: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    still = frame.reformat(format="yuvj420p")
    encoder.width, encoder.height = still.width, still.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = POSTER_QUALITY
    still.pts = 0
    out = io.BytesIO()
    for packet in [*encoder.encode(still), *encoder.encode(None)]:
        out.write(bytes(packet))
    return out.getvalue()


def _write_durably(path: str, data: bytes) -> None:
    with Path(path).open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_and_hash(path: str) -> tuple[int, str]:
    with Path(path).open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def main() -> None:
    """Answer jobs until stdin ends."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    av.logging.set_level(av.logging.PANIC)
    os.nice(10)
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"made": vars(make(Job(**json.loads(line))))}
        except BadClip as error:
            answer = {"bad_clip": str(error)}
        except (OSError, MemoryError, av.FFmpegError) as error:
            answer = {"trouble": str(error) or type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
