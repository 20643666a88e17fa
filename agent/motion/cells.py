"""The picture as a coarse grid of cells, and what the owner drew on it. Pure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agent.motion.verdict import Point
from agent.sources.base import Luma

Grid = npt.NDArray[np.float32]
"""Shape (rows, columns), one value a cell."""

Flags = npt.NDArray[np.bool_]
"""Shape (rows, columns), one yes or no a cell."""

CELLS_ACROSS = 80
"""About so many cells lie beside each other, whatever the size of the picture."""


def side_of(luma: Luma) -> int:
    """Return the side of a cell in pixels."""
    return max(1, round(int(luma.shape[1]) / CELLS_ACROSS))


def block_means(luma: Luma) -> Grid:
    """Return the mean brightness of each cell; rows and columns that fill no cell are left out."""
    side = side_of(luma)
    rows, columns = luma.shape[0] // side, luma.shape[1] // side
    cut = luma[: rows * side, : columns * side]
    # Sums of uint16 along rows first: several times faster than one mean over both axes.
    tall = np.add.reduce(cut.reshape(rows, side, columns * side), axis=1, dtype=np.uint16)
    sums = np.add.reduce(tall.reshape(rows, columns, side), axis=2, dtype=np.uint32)
    means: Grid = (sums / np.float32(side * side)).astype(np.float32)
    return means


def dilated(flags: Flags) -> Flags:
    """Return the flags grown by one cell in all eight directions."""
    wide = flags.copy()
    wide[:, 1:] |= flags[:, :-1]
    wide[:, :-1] |= flags[:, 1:]
    grown = wide.copy()
    grown[1:] |= wide[:-1]
    grown[:-1] |= wide[1:]
    return grown


def around(grid: Grid) -> Grid:
    """Return for each cell the sum over it and its eight neighbours."""
    wide = grid.copy()
    wide[:, 1:] += grid[:, :-1]
    wide[:, :-1] += grid[:, 1:]
    total = wide.copy()
    total[1:] += wide[:-1]
    total[:-1] += wide[1:]
    return total


def inside(corners: Sequence[Point], shape: tuple[int, int]) -> Flags:
    """Return which cells have their centre inside a polygon given in fractions of the picture."""
    rows, columns = shape
    y = ((np.arange(rows) + 0.5) / rows)[:, None]
    x = ((np.arange(columns) + 0.5) / columns)[None, :]
    found = np.zeros(shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found


def steepness(grid: Grid) -> tuple[Grid, Grid, Grid]:
    """Return the slope along rows, along columns, and its size, in brightness per cell."""
    down, right = (np.asarray(slope, dtype=np.float32) for slope in np.gradient(grid))
    return down, right, np.asarray(np.abs(down) + np.abs(right), dtype=np.float32)
