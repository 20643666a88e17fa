"""Tells things from light: what covers a place hides its texture, light and shadow do not. Pure."""

import numpy as np

from agent.motion.cells import Flags, Grid, around
from agent.sources.base import Luma

REFRESH_S = 0.5
"""The texture of the background is taken anew so often; it costs more than one frame."""

TAU_S = 2.5
STILL_THERE = 0.68
"""Where more than this share of the texture shows through, nothing covers the place."""

UNSURE = 0.16
"""Standard error of that share beyond which the place is too smooth to tell."""

GLARE = 248.0
"""Brighter cells have no texture to show: they are what their neighbours are."""


class Texture:
    """The fine structure of one camera's background, pixel by pixel."""

    def __init__(self, luma: Luma, side: int) -> None:
        self._side = side
        self._picture = self._cut(luma).astype(np.float32)
        self._age_s = 0.0
        self._take_structure()

    def learn(self, luma: Luma, light: float, busy: Flags, dt_s: float) -> None:
        """Follow the picture where nothing moves; `busy` cells keep what was there."""
        self._age_s += dt_s
        if self._age_s < REFRESH_S:
            return
        rate = np.float32(1 - np.exp(-self._age_s / TAU_S))
        pace = np.where(busy, np.float32(0), rate).repeat(self._side, 0).repeat(self._side, 1)
        self._picture += (self._cut(luma) / np.float32(light) - self._picture) * pace
        self._age_s = 0.0
        self._take_structure()

    def shows_through(self, luma: Luma, cells: Grid, active: Flags, noise: Grid) -> Flags:
        """Return which of the active cells are only lit otherwise.

        `noise` is the deviation of a cell's mean in brightness. Regresses each place's pixels on
        the background's: the slope is the light's own ratio where nothing covers it, 0 where
        something does.
        """
        found = np.zeros_like(active)
        rows, columns = np.nonzero(active)
        if rows.size == 0:
            return found
        top, left = int(rows.min()), int(columns.min())
        area = (slice(top, int(rows.max()) + 1), slice(left, int(columns.max()) + 1))
        chosen = active[area]
        side = self._side
        pixels = tuple(slice(one.start * side, one.stop * side) for one in area)
        # The structure's mean is 0 in every cell, so the picture's own mean drops out.
        product = self._cut(luma)[pixels] * self._structure[pixels]
        agreement = self._sums(product)
        gain = cells[area] / np.maximum(self._means[area], 1.0)
        contrast = self._contrast[area]
        agreement, expected, weight = (
            around(np.where(chosen, part, 0))
            for part in (agreement * gain, contrast * gain * gain, contrast)
        )
        expected = np.maximum(expected, 1e-3)
        share = agreement / expected
        error = noise[area] * side / np.sqrt(np.maximum(weight, 1e-3)) / np.maximum(gain, 0.1)
        clear = chosen & (error < UNSURE) & (cells[area] < GLARE)
        found[area] = clear & (share > STILL_THERE)
        return found

    def _take_structure(self) -> None:
        side = self._side
        self._means = self._sums(self._picture) / np.float32(side * side)
        wide = self._means.repeat(side, 0).repeat(side, 1)
        self._structure = self._picture - wide
        self._contrast = self._sums(self._structure * self._structure)

    def _cut(self, luma: Luma) -> Luma:
        side = self._side
        return luma[: luma.shape[0] // side * side, : luma.shape[1] // side * side]

    def _sums(self, pixels: Grid | Luma) -> Grid:
        side = self._side
        rows, columns = pixels.shape
        tall = pixels.reshape(rows // side, side, columns).sum(axis=1)
        sums: Grid = tall.reshape(rows // side, columns // side, side).sum(axis=2)
        return sums
