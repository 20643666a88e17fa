"""A scene of our own, drawn with numpy: what moves in it, and when, follows from seed and time.

Pure: `Scene(seed).picture(t)` is the same picture for the same seed and time, and `truth(t)` says
what a detector should find there. Passages are 4–8 s long, with quiet of 8–14 s between them;
clouds, a light that is switched, and sensor noise are no motion.
"""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 960, 540
ROUND_S = 120.0
"""The timetable repeats after so long; clouds and noise do not."""

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing crossing the picture. Sizes and places are fractions of the picture."""

    kind: str
    start_s: float
    end_s: float
    from_x: float
    to_x: float
    y: float
    width: float
    height: float
    colour: tuple[int, int, int]

    def left_at(self, t: float) -> float:
        """Return the left edge at time t."""
        share = (t - self.start_s) / (self.end_s - self.start_s)
        return self.from_x + (self.to_x - self.from_x) * share


@dataclass(frozen=True, slots=True)
class TrueBox:
    """Where something really moves: left, top, width, height as fractions, cut to the picture."""

    kind: str
    x: float
    y: float
    w: float
    h: float


class Scene:
    """A garden path and a street, with walkers and a car."""

    def __init__(self, seed: int) -> None:
        chance = Random(seed)  # noqa: S311 - a scene, not a secret
        self._seed = seed
        self.passages = tuple(_timetable(chance))
        self._clouds_s = chance.uniform(25, 45)
        self._switch_at_s = _quiet_moment(self.passages)
        self._still = _backdrop(np.random.default_rng(seed))
        self._noise = np.random.default_rng(seed + 1).normal(0, 2.0, (HEIGHT + 64, WIDTH + 64, 1))

    def truth(self, t: float) -> list[TrueBox]:
        """Return what moves at time t, in seconds since the scene began."""
        found = []
        for passage in self._present(t):
            left = max(0.0, passage.left_at(t % ROUND_S))
            right = min(1.0, passage.left_at(t % ROUND_S) + passage.width)
            if right > left:
                found.append(TrueBox(passage.kind, left, passage.y, right - left, passage.height))
        return found

    def picture(self, t: float) -> Rgb:
        """Return the picture at time t, shape (HEIGHT, WIDTH, 3)."""
        canvas = self._still.copy()
        for passage in self._present(t):
            _draw(canvas, passage, t % ROUND_S)
        canvas *= self._light(t)
        step = int(t * 1000)
        dy, dx = step * 7919 % 64, step * 104729 % 64
        canvas += self._noise[dy : dy + HEIGHT, dx : dx + WIDTH]
        return np.clip(canvas, 0, 255).astype(np.uint8)

    def _present(self, t: float) -> list[Passage]:
        now = t % ROUND_S
        return [passage for passage in self.passages if passage.start_s <= now < passage.end_s]

    def _light(self, t: float) -> float:
        """Return the brightness of everything: clouds drift slowly, a lamp goes on once a round."""
        clouds = 1 + 0.08 * np.sin(2 * np.pi * t / self._clouds_s)
        lamp = 1.12 if 0 <= t % ROUND_S - self._switch_at_s < ROUND_S / 3 else 1.0
        return float(clouds * lamp)


def _timetable(chance: Random) -> list[Passage]:
    passages = []
    at = chance.uniform(5, 8)
    while at < ROUND_S - 14:
        kind = chance.choice(["walker", "walker", "car"])
        length = chance.uniform(5, 8) if kind == "walker" else chance.uniform(4, 5)
        width, height = (0.055, 0.32) if kind == "walker" else (0.26, 0.2)
        ways = (-width, 1.0)
        from_x, to_x = ways if chance.random() < 0.5 else ways[::-1]
        top = chance.uniform(0.45, 0.55) if kind == "walker" else 0.28
        dark = chance.random() < 0.5
        colour = chance.choice([(32, 36, 52), (60, 28, 26)] if dark else [(205, 200, 190)])
        passages.append(Passage(kind, at, at + length, from_x, to_x, top, width, height, colour))
        at += length + chance.uniform(8, 14)
    return passages


def _quiet_moment(passages: tuple[Passage, ...]) -> float:
    early, late = max(pairwise(passages), key=lambda pair: pair[1].start_s - pair[0].end_s)
    return (early.end_s + late.start_s) / 2 + 1.5


def _backdrop(chance: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw sky, houses, street, lawn and path, with a grain that gives edges to look at."""
    canvas = np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32)
    for top, bottom, colour in (
        (0.0, 0.22, (150, 170, 190)),
        (0.22, 0.5, (105, 105, 108)),
        (0.5, 1.0, (88, 112, 74)),
    ):
        canvas[round(top * HEIGHT) : round(bottom * HEIGHT)] = colour
    for left in range(0, WIDTH, 160):
        height = int(chance.integers(60, 115))
        canvas[118 - height + 40 : 118, left + 12 : left + 140] = chance.integers(90, 180, 3)
    canvas[round(0.8 * HEIGHT) : round(0.9 * HEIGHT)] = (152, 144, 130)
    grain = chance.normal(0, 6, (HEIGHT // 6, WIDTH // 6, 1)).repeat(6, 0).repeat(6, 1)
    return (canvas + grain).astype(np.float32)


def _draw(canvas: npt.NDArray[np.float32], passage: Passage, now: float) -> None:
    left = passage.left_at(now)
    top = passage.y
    if passage.kind == "car":
        _fill(
            canvas,
            left,
            top + 0.45 * passage.height,
            passage.width,
            0.4 * passage.height,
            passage.colour,
        )
        _fill(canvas, left + 0.06, top, passage.width - 0.12, 0.5 * passage.height, passage.colour)
        _fill(
            canvas,
            left + 0.08,
            top + 0.02,
            passage.width - 0.16,
            0.3 * passage.height,
            (60, 70, 80),
        )
        for wheel in (0.03, passage.width - 0.07):
            _fill(
                canvas,
                left + wheel,
                top + 0.8 * passage.height,
                0.04,
                0.2 * passage.height,
                (20, 20, 20),
            )
        return
    swing = 0.012 * np.sin(now * 9)
    head = passage.width * 0.45
    _fill(canvas, left + 0.27 * passage.width, top, head, 0.18 * passage.height, (196, 160, 140))
    _fill(
        canvas,
        left,
        top + 0.18 * passage.height,
        passage.width,
        0.44 * passage.height,
        passage.colour,
    )
    for side in (swing, -swing):
        _fill(
            canvas,
            left + 0.3 * passage.width + side,
            top + 0.62 * passage.height,
            0.4 * passage.width,
            0.38 * passage.height,
            (45, 45, 60),
        )


def _fill(
    canvas: npt.NDArray[np.float32],
    x: float,
    y: float,
    w: float,
    h: float,
    colour: tuple[int, int, int],
) -> None:
    left, right = (min(max(round(edge * WIDTH), 0), WIDTH) for edge in (x, x + w))
    top, bottom = (min(max(round(edge * HEIGHT), 0), HEIGHT) for edge in (y, y + h))
    canvas[top:bottom, left:right] = colour
