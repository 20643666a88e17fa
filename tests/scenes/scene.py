"""A scene: a backdrop, what moves before it, its light, its air and its camera, from one seed.

Pure: the same kind, place and seed give the same pictures. Everything that could be tuned to is
drawn from the seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from agent.sources.base import Luma
from tests.scenes.canvas import Canvas

RATE = 10.0
"""Frames per second."""

Layer = Callable[[Canvas, float, np.random.Generator], Canvas | None]
"""Draws onto a canvas for time t; the generator is the frame's own. May return another canvas."""


class Depth(IntEnum):
    """In which order layers are drawn."""

    GROUND = 0
    MOVER = 1
    FRONT = 2
    LIGHT = 3
    AIR = 4
    CAMERA = 5
    SENSOR = 6


@dataclass(frozen=True, slots=True)
class TrueBox:
    """Where something that counts is: left, top, width, height as fractions, cut to the picture."""

    x: float
    y: float
    w: float
    h: float


@dataclass
class Scene:
    """One scene. `spans_s` are the times at which something that counts moves in full view."""

    kind: str
    place: str
    seed: int
    length_s: float
    backdrop: Canvas
    chance: np.random.Generator
    layers: list[tuple[Depth, Layer]] = field(default_factory=list)
    spans_s: list[tuple[float, float]] = field(default_factory=list)
    boxes: list[Callable[[float], TrueBox | None]] = field(default_factory=list)
    noise: float = 1.8

    def add(self, depth: Depth, layer: Layer) -> None:
        """Draw `layer` at this depth in every picture."""
        self.layers.append((depth, layer))
        self.layers.sort(key=lambda one: one[0])

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing in it counts as motion."""
        return not self.spans_s

    def truth(self, t: float) -> list[TrueBox]:
        """Return where the things are that count, at time t; also while they rest."""
        return [box for where in self.boxes if (box := where(t))]

    def picture(self, number: int) -> Luma:
        """Return picture `number`, counted from 0 at `RATE`; shape (height, width)."""
        own = np.random.default_rng((self.seed, number))
        canvas = self.backdrop.copy()
        for _, layer in self.layers:
            other = layer(canvas, number / RATE, own)
            canvas = canvas if other is None else other
        return np.clip(canvas, 0, 255).astype(np.uint8)

    def pictures(self) -> Iterator[tuple[float, Luma]]:
        """Go through all pictures with their times in seconds."""
        for number in range(round(self.length_s * RATE)):
            yield number / RATE, self.picture(number)


def sensor(scene: Scene) -> Layer:
    """Return the sensor's noise: fine, and a part that spans neighbours as a denoiser leaves it."""
    rows, columns = scene.backdrop.shape
    fine = scene.chance.normal(0, 1, (rows + 40, columns + 40))
    lumps = fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))
    pool = (0.75 * fine + 0.33 * lumps).astype(np.float32)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        dy, dx = own.integers(0, 40, 2)
        grain = pool[dy : dy + rows, dx : dx + columns]
        if own.random() < 0.5:
            grain = grain[:, ::-1]
        canvas += grain * np.float32(scene.noise)

    return draw
