"""Connected groups of cells. Pure; numpy finds the runs, a small union-find joins them."""

from dataclasses import dataclass

import numpy as np

from agent.motion.cells import Flags, Grid, dilated


@dataclass(frozen=True, slots=True)
class Blob:
    """A connected group: its box in cells (right and bottom excluded), centre, size and strength.

    `cells` counts those that differ from the background, `lively` those that changed just now,
    `lit` those beside them that only stand in another light.
    """

    left: int
    top: int
    right: int
    bottom: int
    x: float
    y: float
    cells: int
    lively: int
    lit: int = 0

    def touches(self, other: "Blob", reach: int) -> bool:
        """Tell whether the boxes come within `reach` cells of each other."""
        return (
            self.left - reach < other.right
            and other.left - reach < self.right
            and self.top - reach < other.bottom
            and other.top - reach < self.bottom
        )


def find(active: Flags, lit: Flags, lively: Flags) -> list[Blob]:
    """Return the groups of active or lit cells, measured over the active ones alone.

    Cells hang together across a gap of one or two.
    """
    labels, count = _labelled(dilated(active | lit))
    if count == 0:
        return []
    rows, columns = np.nonzero(active)
    of = labels[rows, columns]
    sizes = np.bincount(of, minlength=count + 1)
    shone_on = np.bincount(labels[lit], minlength=count + 1)
    moving = np.bincount(labels[active & lively], minlength=count + 1)
    xs = np.bincount(of, weights=columns, minlength=count + 1)
    ys = np.bincount(of, weights=rows, minlength=count + 1)
    found = []
    for label in range(1, count + 1):
        size = int(sizes[label])
        if size == 0:
            continue
        mine = of == label
        own_rows, own_columns = rows[mine], columns[mine]
        found.append(
            Blob(
                left=int(own_columns.min()),
                top=int(own_rows.min()),
                right=int(own_columns.max()) + 1,
                bottom=int(own_rows.max()) + 1,
                x=float(xs[label]) / size + 0.5,
                y=float(ys[label]) / size + 0.5,
                cells=size,
                lively=int(moving[label]),
                lit=int(shone_on[label]),
            )
        )
    return found


def _labelled(flags: Flags) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], int]:
    """Return a grid of labels, 1 … count, with 0 where no flag is; eight neighbours connect."""
    rows, columns = flags.shape
    edges = np.diff(np.pad(flags, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    start_rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    parent = list(range(len(starts)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above: list[int] = []
    here: list[int] = []
    row_before = -2
    for run, (row, start, end) in enumerate(
        zip(start_rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ):
        if row != row_before:
            above, here = (here if row == row_before + 1 else []), []
            row_before = row
        for other in above:
            if starts[other] <= end and ends[other] >= start:
                parent[root(run)] = root(other)
        here.append(run)
    labels = np.zeros((rows, columns), dtype=np.intp)
    names: dict[int, int] = {}
    for run, (row, start, end) in enumerate(
        zip(start_rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ):
        labels[row, start:end] = names.setdefault(root(run), len(names) + 1)
    return labels, len(names)


def strength(difference: Grid, threshold: Grid, active: Flags) -> float:
    """Return how far the active cells stand above their thresholds, on average; 1 is just so."""
    if not active.any():
        return 0.0
    return float(np.mean(np.abs(difference[active]) / threshold[active]))
