"""Blobs followed from frame to frame: what walks through the picture, and what only flickers."""

from dataclasses import dataclass
from math import hypot

from agent.motion.blobs import Blob

FORGOTTEN_AFTER_US = 600_000
"""A blob unseen for longer is gone."""

CONFIRM_AFTER_US = 600_000
CONFIRM_SIGHTINGS = 4
STEADY = 0.7
"""Share of the frames in which a mover must have been seen: what comes and goes only flickers."""

NET_MOVE_CELLS = 2.0
STRAIGHT = 0.45
"""Share of the way gone that must have led somewhere: leaves and noise go to and fro."""

SET_OUT_CELLS = 0.6
SET_OUT_US = 200_000
"""Motion begins when the mover leaves its place, not when its place first flickered."""

RESTED_AFTER_US = 1_200_000
REMNANT = 0.06
"""What is smaller than this share of what it was is the fading trace of a mover, not the mover."""

REACH_CELLS = 2
LIVELY_CELLS = 2


@dataclass
class Track:
    """One mover. Positions are in cells, times in µs."""

    since_us: int
    blob: Blob
    seen_us: int
    lively_us: int
    start: tuple[float, float]
    smooth: tuple[float, float]
    way: float = 0.0
    sightings: int = 1
    frames: int = 0
    confirmed: bool = False
    largest: int = 0

    @property
    def net(self) -> float:
        """How far it has come from where it was first seen, in cells."""
        return hypot(self.smooth[0] - self.start[0], self.smooth[1] - self.start[1])

    def follow(self, blob: Blob, at_us: int) -> None:
        """Take the blob for this mover, one frame later."""
        if at_us - self.lively_us > RESTED_AFTER_US and blob.lively >= LIVELY_CELLS:
            self._set_out_again(blob, at_us)
        self.seen_us = at_us
        self.sightings += 1
        self.largest = max(self.largest, blob.cells)
        if blob.lively >= max(LIVELY_CELLS, REMNANT * self.largest):
            self.lively_us = at_us
        # Smoothed, or the jitter of a blob's edge would count as a way gone.
        x = self.smooth[0] + (blob.x - self.smooth[0]) * 0.5
        y = self.smooth[1] + (blob.y - self.smooth[1]) * 0.5
        self.way += hypot(x - self.smooth[0], y - self.smooth[1])
        self.smooth = (x, y)
        self.blob = blob
        if not self.confirmed and self.net < SET_OUT_CELLS:
            self.since_us = max(self.since_us, at_us - SET_OUT_US)

    def _set_out_again(self, blob: Blob, at_us: int) -> None:
        """Begin anew after a rest: what stood still has yet to show that it goes somewhere."""
        self.since_us = at_us
        self.start = self.smooth = (blob.x, blob.y)
        self.way = 0.0
        self.sightings = self.frames = 0
        self.largest = 0
        self.confirmed = False

    def is_convincing(self, minimum_cells: float) -> bool:
        """Tell whether this has gone somewhere for long enough to be more than a flicker."""
        return (
            self.sightings >= max(CONFIRM_SIGHTINGS, STEADY * self.frames)
            and self.seen_us - self.since_us >= CONFIRM_AFTER_US
            and self.net >= NET_MOVE_CELLS
            and self.net >= STRAIGHT * self.way
            and self.largest >= minimum_cells
        )


class Tracker:
    """All movers of one camera."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []

    def clear(self) -> None:
        """Forget everything: the picture has become another one."""
        self.tracks = []

    def step(self, blobs: list[Blob], at_us: int, minimum_cells: float) -> None:
        """Follow all movers into the blobs of the next frame."""
        for track in self.tracks:
            track.frames += 1
        free = sorted(blobs, key=lambda blob: -blob.cells)
        for track in sorted(self.tracks, key=lambda track: -track.sightings):
            near = [blob for blob in free if blob.touches(track.blob, REACH_CELLS)]
            if near:
                best = min(
                    near,
                    key=lambda blob: (
                        hypot(blob.x - track.blob.x, blob.y - track.blob.y)
                        - min(blob.cells, track.blob.cells) ** 0.5
                    ),
                )
                free.remove(best)
                track.follow(best, at_us)
        for blob in free:
            if blob.lively >= LIVELY_CELLS:
                here = (blob.x, blob.y)
                self.tracks.append(Track(at_us, blob, at_us, at_us, here, here, largest=blob.cells))
        self.tracks = [
            track for track in self.tracks if at_us - track.seen_us <= FORGOTTEN_AFTER_US
        ]
        for track in self.tracks:
            track.confirmed = track.confirmed or track.is_convincing(minimum_cells)

    def alive(self, at_us: int, within_us: int) -> list[Track]:
        """Return the confirmed movers that moved within the last `within_us`."""
        return [
            track
            for track in self.tracks
            if track.confirmed and at_us - track.lively_us <= within_us
        ]
