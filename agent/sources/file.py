"""A video file as a camera: played in real time, again and again, without a jump in its times."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from agent.sources import codec
from agent.sources.base import Packet, Sink, SourceError, SourceInfo
from agent.sources.codec import Encoder, FileFacts, Picture, Step
from agent.sources.simulated import SimulatedCamera, now_us

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Loop:
    """One run through the file: where it began on the steady clock."""

    number: int
    started_us: int


class FileSource(SimulatedCamera):
    """Plays `path`. H.264 with close keyframes goes through untouched, the rest is encoded."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._facts: FileFacts | None = None
        self._loops: list[_Loop] = []

    def prepare(self) -> SourceInfo:
        """Look at the file. Raises SourceError."""
        if not self._path.is_file():
            raise SourceError(f"there is no file {self._path}")
        facts = self._facts = codec.examine(str(self._path))
        return SourceInfo("file", facts.width, facts.height, facts.frames_per_s)

    def position_s(self, at_us: int) -> float | None:
        """Return the place in the file shown at `at_us`."""
        for loop in reversed(self._loops):
            if loop.started_us <= at_us:
                return (at_us - loop.started_us) / 1e6
        return None

    def play(self, sink: Sink) -> None:
        """Play the file until stopped."""
        facts = self._facts
        if facts is None:
            return
        encoder = None if facts.copyable else self._encoder(facts)
        started_us = now_us()
        number = 0
        while not self.over():
            number += 1
            self._loops = [*self._loops[-1:], _Loop(number, started_us)]
            length_us = self._play_once(sink, encoder, started_us)
            if length_us <= 0:
                raise SourceError(f"{self._path} holds no picture that can be decoded")
            started_us += length_us

    def _encoder(self, facts: FileFacts) -> Encoder:
        return Encoder(facts.width, facts.height, facts.frames_per_s)

    def _play_once(self, sink: Sink, encoder: Encoder | None, started_us: int) -> int:
        """Play the file once; return how long it was, in µs. 0 when there was no picture."""
        facts = self._facts
        frame_us = round(1e6 / facts.frames_per_s) if facts else 100_000
        first_us: int | None = None
        last_us = 0
        for step in codec.play(str(self._path), copy=encoder is None):
            if not self.wait_until(started_us + step.at_us):
                return 1
            self._push(sink, step, started_us)
            for picture in step.pictures:
                shown = replace(picture, at_us=picture.at_us + started_us)
                first_us = picture.at_us if first_us is None else first_us
                last_us = max(last_us, picture.at_us)
                if encoder is not None:
                    self._encode(sink, encoder, shown)
                self.show(sink, shown)
        # From first to last picture: with B-frames the first is shown later than it is decoded.
        return last_us - first_us + frame_us if first_us is not None else 0

    def _push(self, sink: Sink, step: Step, started_us: int) -> None:
        packet = step.packet
        if packet is not None:
            sink.on_packet(
                Packet(
                    packet.data,
                    packet.pts_us + started_us,
                    packet.dts_us + started_us,
                    packet.keyframe,
                )
            )

    def _encode(self, sink: Sink, encoder: Encoder, picture: Picture) -> None:
        for packet in encoder.encode(picture.frame, picture.at_us):
            sink.on_packet(packet)
