"""What the scene looks like when nothing happens, cell by cell, and how much it flickers by itself.

Light that changes everywhere by the same factor (clouds, automatic exposure) is taken out before
anything is compared; so is a small shift of the whole picture (a shaken camera).
"""

from dataclasses import dataclass

import numpy as np

from agent.motion.cells import Flags, Grid, steepness

QUIET_TAU_S = 2.5
"""A cell without motion follows the scene within seconds …"""

BUSY_TAU_S = 33.0
"""… one with motion hardly at all, or a slow walker would melt into the background …"""

PARKED_TAU_S = 4.0
"""… and one that differs but lies still (a moved chair) is accepted before long."""

PARKED_AFTER_S = 3.0
SMALLEST_STEP = 6.0
NOISE_FACTOR = 4.5
EDGE_FACTOR = 0.35
START_NOISE = 1.5
LARGEST_SHIFT = 1.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One frame against the background: differences and thresholds in brightness, light ratio."""

    difference: Grid
    threshold: Grid
    light: float
    shift: float


class Background:
    """The adaptive background of one camera."""

    def __init__(self, first: Grid) -> None:
        self._mean = first.copy()
        self._noise = np.full(first.shape, START_NOISE, dtype=np.float32)
        self._still_s = np.zeros(first.shape, dtype=np.float32)
        self._slopes = steepness(self._mean)
        self._slopes_age_s = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        rows, columns = self._mean.shape
        return rows, columns

    def compare(self, cells: Grid, strictness: float) -> Comparison:
        """Hold a frame against the background. `strictness` multiplies the thresholds."""
        light = float(np.median(cells / np.maximum(self._mean, 1.0)))
        light = min(max(light, 0.05), 20.0)
        difference = cells / light - self._mean
        difference, shift = self._without_shift(difference)
        threshold = np.maximum(
            SMALLEST_STEP, NOISE_FACTOR * self._noise + EDGE_FACTOR * self._slopes[2]
        )
        # A dark picture made brighter is a noisier one.
        threshold = np.asarray(threshold * (strictness / min(light, 1.0)), dtype=np.float32)
        return Comparison(difference, threshold, light, shift)

    def learn(
        self, cells: Grid, compared: Comparison, busy: Flags, lively: Flags, dt_s: float
    ) -> Flags:
        """Take a frame into the background, each cell at its own pace; return what lies still."""
        self._still_s = np.where(busy & ~lively, self._still_s + dt_s, 0).astype(np.float32)
        quiet, slow, parked = (_rate(dt_s, t) for t in (QUIET_TAU_S, BUSY_TAU_S, PARKED_TAU_S))
        lies_still = self._still_s > PARKED_AFTER_S
        rate = np.where(busy, np.where(lies_still, parked, slow), quiet)
        step = cells / compared.light - self._mean
        # A white car must not leave its trace where it passed: what moves pulls no harder than
        # noise would.
        bounded = np.clip(step, -compared.threshold, compared.threshold)
        step = np.where(busy & ~lies_still, bounded, step)
        # The light is taken over by all cells alike, and each cell learns in the background's own
        # light: or what a mover covers would keep the old light, and stand out when uncovered.
        self._mean += (step * rate).astype(np.float32)
        self._mean *= np.float32(1 + (compared.light - 1) * quiet)
        spread = np.minimum(np.abs(compared.difference), 20.0)
        self._noise += np.where(busy, 0, (spread - self._noise) * _rate(dt_s, 4.0)).astype(
            np.float32
        )
        self._slopes_age_s += dt_s
        if self._slopes_age_s > 1.0:
            self._slopes, self._slopes_age_s = steepness(self._mean), 0.0
        return np.asarray(lies_still, dtype=np.bool_)

    @property
    def noise(self) -> Grid:
        """How far each cell strays by itself, in brightness."""
        return self._noise

    def relearn(self, cells: Grid) -> None:
        """Start from this frame: the scene has become another one."""
        self._mean = cells.copy()
        self._still_s[:] = 0
        self._slopes, self._slopes_age_s = steepness(self._mean), 0.0

    def _without_shift(self, difference: Grid) -> tuple[Grid, float]:
        """Take out what a small shift of the whole picture explains; return the shift in cells."""
        down, right, size = self._slopes
        clipped = np.clip(difference, -25, 25)
        edges = size > 4
        if np.count_nonzero(edges) < 40:
            return difference, 0.0
        a, b, d = down[edges], right[edges], clipped[edges]
        aa, bb, ab = float(a @ a), float(b @ b), float(a @ b)
        determinant = aa * bb - ab * ab
        if determinant < 1e-3 * aa * bb + 1e-6:
            return difference, 0.0
        ad, bd = float(a @ d), float(b @ d)
        dy, dx = (ad * bb - bd * ab) / determinant, (bd * aa - ad * ab) / determinant
        shift = float(np.hypot(dx, dy))
        if shift < 0.02 or shift > LARGEST_SHIFT:
            return difference, 0.0
        steady = difference - (down * dy + right * dx).astype(np.float32)
        if float(np.abs(steady[edges]).mean()) > 0.8 * float(np.abs(difference[edges]).mean()):
            return difference, 0.0  # something moves, but not everything
        return steady, shift


def _rate(dt_s: float, tau_s: float) -> float:
    return float(1 - np.exp(-dt_s / tau_s))
