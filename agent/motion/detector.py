"""The motion detector: luma frames in, verdicts out. Needs numpy and nothing else."""

from collections import deque

import numpy as np

from agent.motion import blobs
from agent.motion.background import Background, Comparison
from agent.motion.blobs import Blob
from agent.motion.cells import Flags, Grid, block_means, dilated, inside, side_of
from agent.motion.texture import Texture
from agent.motion.tracks import Track, Tracker
from agent.motion.verdict import Box, MotionSettings, Verdict
from agent.sources.base import LumaFrame

LEARN_S = 1.0
"""After a start or a change of everything, nothing counts for so long."""

EVERYTHING = 0.45
"""When more than this share of the picture differs at once, it is the light or the camera."""

LIVELY_LAG_S = 0.3
"""What moves is compared with what was there so long ago, at any frame rate."""

ALIVE_US = 450_000
"""Motion is over so soon after the last of it."""

SMALLEST_BLOB = 3
MOSTLY_LIT = 1.5
"""What is only lit otherwise, for more than so many times what is not, is light with its rim."""

GAP_S = 3.0
"""A pause in the frames longer than this starts the background anew."""


class MotionDetector:
    """Watches one camera. Feed it every frame, in order of time."""

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._background: Background | None = None
        self._before: deque[tuple[int, Grid]] = deque()
        self._tracker = Tracker()
        self._at_us = 0
        self._learning_until_us = 0
        self._since_us: int | None = None
        self._allowed: Flags | None = None
        self._zones: dict[str, Flags] = {}

    def apply(self, settings: MotionSettings) -> None:
        """Use other settings from the next frame on; what was learnt stays."""
        self._settings = settings
        self._allowed = None

    def observe(self, frame: LumaFrame) -> Verdict:
        """Say what one frame means."""
        cells = block_means(frame.luma)
        dt_s = (frame.at_us - self._at_us) / 1e6
        background = self._background
        if background is None or background.shape != cells.shape or not 0 < dt_s < GAP_S:
            return self._start(frame, cells)
        self._at_us = frame.at_us
        allowed = self._allowed_cells(background.shape)
        strictness = 2.0 ** (1 - 2 * self._settings.sensitivity)
        compared = background.compare(cells, strictness)
        differs = np.abs(compared.difference) > compared.threshold
        if np.count_nonzero(differs) > EVERYTHING * differs.size:
            return self._everything_changed(frame, cells, background)
        active = differs & allowed
        lively = self._lively(cells, compared, frame.at_us)
        lit = self._texture.shows_through(frame.luma, cells, active & lively, background.noise)
        # What differs but lies still (a ghost, a parked car) is left to the background.
        found = self._blobs(active & lively & ~lit, lit, lively)
        still = background.learn(cells, compared, dilated(differs), lively, dt_s)
        self._texture.learn(frame.luma, compared.light, dilated(differs) & ~still, dt_s)
        if frame.at_us < self._learning_until_us:
            return Verdict(frame.at_us, moving=False, suppressed="learning")
        self._tracker.step(found, frame.at_us, self._settings.minimum_area * active.size)
        return self._verdict(frame.at_us, compared, active)

    def _start(self, frame: LumaFrame, cells: Grid) -> Verdict:
        at_us = frame.at_us
        self._background = Background(cells)
        self._texture = Texture(frame.luma, side_of(frame.luma))
        self._before.clear()
        self._tracker.clear()
        self._allowed = None
        self._since_us = None
        self._at_us = at_us
        self._learning_until_us = at_us + round(LEARN_S * 1e6)
        return Verdict(at_us, moving=False, suppressed="learning")

    def _everything_changed(self, frame: LumaFrame, cells: Grid, background: Background) -> Verdict:
        at_us = frame.at_us
        background.relearn(cells)
        self._texture = Texture(frame.luma, side_of(frame.luma))
        self._before.clear()
        self._tracker.clear()
        self._since_us = None
        self._learning_until_us = at_us + round(LEARN_S * 0.8e6)
        return Verdict(at_us, moving=False, suppressed="light")

    def _lively(self, cells: Grid, compared: Comparison, at_us: int) -> Flags:
        """Return the cells that changed within the last moments, not only since the background."""
        now = cells / np.float32(compared.light)
        while len(self._before) > 1 and self._before[1][0] <= at_us - LIVELY_LAG_S * 1e6:
            self._before.popleft()
        then = self._before[0][1] if self._before else now
        self._before.append((at_us, now))
        return dilated(np.abs(now - then) > compared.threshold * 0.7)

    def _blobs(self, active: Flags, lit: Flags, lively: Flags) -> list[Blob]:
        if not active.any():
            return []
        found = blobs.find(active, lit, lively)
        return [b for b in found if b.cells >= SMALLEST_BLOB and b.lit <= MOSTLY_LIT * b.cells]

    def _allowed_cells(self, shape: tuple[int, int]) -> Flags:
        if self._allowed is None:
            allowed = np.ones(shape, dtype=np.bool_)
            for mask in self._settings.masks:
                allowed &= ~inside(mask, shape)
            self._zones = {zone.name: inside(zone.corners, shape) for zone in self._settings.zones}
            self._allowed = allowed
        return self._allowed

    def _verdict(self, at_us: int, compared: Comparison, active: Flags) -> Verdict:
        alive = [
            (track, zones)
            for track in self._tracker.alive(at_us, ALIVE_US)
            if (zones := self._zones_of(track)) or not self._zones
        ]
        if not alive:
            self._since_us = None
            return Verdict(at_us, moving=False)
        tracks = [track for track, _ in alive]
        onset = min(track.since_us for track in tracks)
        self._since_us = onset if self._since_us is None else self._since_us
        rows, columns = active.shape
        touched = tuple(sorted({zone for _, names in alive for zone in names}))
        main = max(tracks, key=lambda track: track.blob.cells)
        return Verdict(
            at_us,
            moving=True,
            since_us=self._since_us,
            score=100.0 * sum(track.blob.cells for track in tracks) / active.size,
            confidence=_confidence(
                main, blobs.strength(compared.difference, compared.threshold, active)
            ),
            boxes=tuple(_box(track.blob, rows, columns) for track in tracks),
            zones=touched,
            reason=_reason(main, len(tracks), touched, rows, columns),
        )

    def _zones_of(self, track: Track) -> list[str]:
        blob = track.blob
        area = (slice(blob.top, blob.bottom), slice(blob.left, blob.right))
        return [name for name, cells in self._zones.items() if cells[area].any()]


def _confidence(track: Track, strength: float) -> float:
    """Return 0–100 from how far, how straight, how long and how clearly the mover went."""
    far = min(track.net / 10, 1.0)
    straight = min(track.net / track.way, 1.0) if track.way else 0.0
    long = min(track.sightings / 15, 1.0)
    clear = min(max(strength - 1, 0.0) / 2, 1.0)
    return round(100 * (0.3 * far + 0.25 * straight + 0.2 * long + 0.25 * clear), 1)


def _box(blob: Blob, rows: int, columns: int) -> Box:
    return Box(
        blob.left / columns,
        blob.top / rows,
        (blob.right - blob.left) / columns,
        (blob.bottom - blob.top) / rows,
    )


def _reason(track: Track, count: int, zones: tuple[str, ...], rows: int, columns: int) -> str:
    """Return one sentence for the owner: how large, whereto, where."""
    share = track.largest / (rows * columns)
    size = "large" if share > 0.08 else "middle-sized" if share > 0.01 else "small"
    dx, dy = track.smooth[0] - track.start[0], track.smooth[1] - track.start[1]
    if abs(dx) >= abs(dy):
        way = "left to right" if dx > 0 else "right to left"
    else:
        way = "towards the bottom" if dy > 0 else "towards the top"
    what = f"something {size}" if count == 1 else f"{count} things"
    where = f" through {' and '.join(zones)}" if zones else ""
    return f"{what} moved {way}{where}"
