"""Plays scenes to detectors and collects what they made of them."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from agent.motion.detector import MotionDetector
from agent.sources.base import Luma, LumaFrame
from tests.scenes.scene import Scene
from tests.scenes.score import Judge, Total, judged

START_US = 5_000_000
DIFFERS = 20.0
"""So much brighter or darker, of 255, is a change to the plain difference …"""

CHANGED = 0.006
"""… and so large a share of changed pixels is motion to it."""


def shipped() -> Judge:
    """Return the detector that the agent runs, with its default settings."""
    detector = MotionDetector()

    def moves(luma: Luma, at_s: float) -> bool:
        return detector.observe(LumaFrame(luma, START_US + round(at_s * 1e6))).moving

    return moves


def plain_difference() -> Judge:
    """Return what every first attempt does: this picture against the one before it."""
    before: list[Luma] = []

    def moves(luma: Luma, at_s: float) -> bool:
        last = before.pop() if before else luma
        before.append(luma)
        apart = np.abs(luma.astype(np.int16) - last.astype(np.int16))
        return float(np.count_nonzero(apart > DIFFERS)) / apart.size > CHANGED

    return moves


def watched(
    scenes: Iterable[Scene], detectors: Mapping[str, Callable[[], Judge]]
) -> dict[str, Total]:
    """Play every scene to a fresh one of each detector; return their totals by name."""
    totals = {name: Total() for name in detectors}
    for scene in scenes:
        judges = {name: begin() for name, begin in detectors.items()}
        flags: dict[str, list[tuple[float, bool]]] = {name: [] for name in detectors}
        for at_s, luma in scene.pictures():
            for name, moves in judges.items():
                flags[name].append((at_s, moves(luma, at_s)))
        for name, told in flags.items():
            totals[name].outcomes.append(
                judged(scene.kind, scene.place, scene.seed, scene.spans_s, told)
            )
    return totals
