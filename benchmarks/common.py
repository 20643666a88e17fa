"""Shared by the benchmarks: pairs of timings, medians, and how results are printed."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """Ours and a peer's, timed in turn, in seconds."""

    ours: list[float]
    peer: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios pair by pair: what a drifting machine spoils least."""
        return statistics.median(a / b for a, b in zip(self.ours, self.peer, strict=True))

    def line(self, what: str, ours: str, peer: str) -> str:
        """Return the result in one line."""
        a, b = statistics.median(self.ours), statistics.median(self.peer)
        return (
            f"{what}: {ours} {a * 1000:.1f} ms, {peer} {b * 1000:.1f} ms, "
            f"ratio {self.ratio:.2f} (n={len(self.ours)})"
        )


def pairs(ours: Callable[[], object], peer: Callable[[], object], runs: int) -> Pair:
    """Time the two in turn, after a warm-up of each."""
    ours()
    peer()
    timed = Pair([], [])
    for _ in range(runs):
        for work, into in ((ours, timed.ours), (peer, timed.peer)):
            begun = time.perf_counter()
            work()
            into.append(time.perf_counter() - begun)
    return timed


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
