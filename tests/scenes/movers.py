"""What counts: people, cars, bicycles, animals, parcels, on paths of their own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.scenes.canvas import HEIGHT, WIDTH, Canvas, glow, limb
from tests.scenes.scene import Depth, Scene, TrueBox

Way = tuple[tuple[float, float, float, float], ...]
"""Stations (t in s, x and y of the foot, height), joined by straight lines."""


@dataclass(frozen=True, slots=True)
class Look:
    """How bright its parts are, how fast it strides, and how wide it is for its height."""

    upper: float
    lower: float
    head: float
    strides_per_s: float = 1.8
    width: float = 0.36


Draw = Callable[[Canvas, float, float, float, float, Look], None]
"""Draws a thing whose foot is at (x, y), so high, in this phase of its stride."""


def person(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw somebody on foot."""
    swing = 0.16 * h * np.sin(phase)
    hip, shoulder = (x, y - 0.48 * h), (x, y - 0.76 * h)
    for side in (-1, 1):
        limb(canvas, hip, (x + side * swing, y - 0.05 * h), 0.055 * h, look.lower)
        hand = (x - side * 0.7 * swing, y - 0.46 * h)
        limb(canvas, shoulder, hand, 0.04 * h, look.upper * 0.93)
    limb(canvas, (x, y - 0.54 * h), shoulder, 0.105 * h, look.upper)
    limb(canvas, (x, y - 0.91 * h), (x, y - 0.93 * h), 0.065 * h, look.head)


def crouched(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw somebody who creeps, bent low."""
    swing = 0.2 * h * np.sin(phase)
    for side in (-1, 1):
        limb(canvas, (x, y - 0.4 * h), (x + side * swing, y - 0.06 * h), 0.09 * h, look.lower)
    limb(canvas, (x - 0.2 * h, y - 0.5 * h), (x + 0.25 * h, y - 0.7 * h), 0.17 * h, look.upper)
    limb(canvas, (x + 0.4 * h, y - 0.8 * h), (x + 0.4 * h, y - 0.8 * h), 0.13 * h, look.head)


def animal(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw a cat or a dog: longer than high."""
    for place, late in ((-0.55, 0.0), (-0.4, 2.0), (0.4, 1.0), (0.55, 3.1)):
        foot = (x + (place + 0.2 * np.sin(phase + late)) * h, y - 0.03 * h)
        limb(canvas, (x + place * h, y - 0.4 * h), foot, 0.07 * h, look.lower)
    limb(canvas, (x - 0.5 * h, y - 0.55 * h), (x + 0.5 * h, y - 0.58 * h), 0.22 * h, look.upper)
    limb(canvas, (x + 0.75 * h, y - 0.8 * h), (x + 0.75 * h, y - 0.8 * h), 0.18 * h, look.head)


def car(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw a car from the side."""
    limb(canvas, (x - 1.1 * h, y - 0.4 * h), (x + 1.1 * h, y - 0.4 * h), 0.28 * h, look.upper)
    limb(canvas, (x - 0.5 * h, y - 0.75 * h), (x + 0.4 * h, y - 0.75 * h), 0.22 * h, look.head)
    for place in (-0.8, 0.8):
        limb(canvas, (x + place * h, y - 0.16 * h), (x + place * h, y - 0.16 * h), 0.17 * h,
             look.lower)  # fmt: skip


def bicycle(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw somebody on a bicycle."""
    for place in (-0.3, 0.3):
        centre = (x + place * h, y - 0.17 * h)
        limb(canvas, centre, centre, 0.17 * h, look.lower, 0.5)
    person(canvas, x, y - 0.12 * h, 0.88 * h, phase, look)


def box(canvas: Canvas, x: float, y: float, h: float, phase: float, look: Look) -> None:
    """Draw a parcel."""
    limb(canvas, (x - 0.3 * h, y - 0.5 * h), (x + 0.3 * h, y - 0.5 * h), 0.5 * h, look.upper)


@dataclass(frozen=True)
class Mover:
    """Something on its way. `draw` gives its shape."""

    draw: Draw
    way: Way
    look: Look
    shadow: float = 0.0

    def at(self, t: float) -> tuple[float, float, float] | None:
        """Return the foot and the height at time t, or None when it is not there."""
        if not self.way[0][0] <= t <= self.way[-1][0]:
            return None
        times = [station[0] for station in self.way]
        x, y, h = (float(np.interp(t, times, [s[n] for s in self.way])) for n in (1, 2, 3))
        return x, y, h

    def phase(self, t: float) -> float:
        """Return the stride's phase: it advances only while the thing moves."""
        moved = 0.0
        for (t1, x1, y1, h1), (t2, x2, y2, h2) in zip(self.way, self.way[1:], strict=False):
            if t > t1 and (x1, y1, h1) != (x2, y2, h2):
                moved += min(t, t2) - t1
        return moved * 2 * np.pi * self.look.strides_per_s / 2

    def layer(self, canvas: Canvas, t: float, own: np.random.Generator) -> None:
        """Draw it, with the shadow that it casts."""
        if (here := self.at(t)) is None:
            return
        x, y, h = here
        if self.shadow:
            for part in range(8):
                glow(canvas, x + part * 0.11 * h, y - part * 0.03 * h, 0.14 * h, 0.05 * h,
                     -self.shadow / 2, 0.3)  # fmt: skip
        self.draw(canvas, x, y, h, self.phase(t), self.look)

    def box(self, t: float) -> TrueBox | None:
        """Return its true box."""
        if (here := self.at(t)) is None:
            return None
        x, y, h = here
        half = h * self.look.width / 2
        left, right = max(0.0, x - half) / WIDTH, min(float(WIDTH), x + half) / WIDTH
        top, bottom = max(0.0, y - h) / HEIGHT, min(float(HEIGHT), y) / HEIGHT
        if right <= left or bottom <= top:
            return None
        return TrueBox(left, top, right - left, bottom - top)

    def spans(self) -> list[tuple[float, float]]:
        """Return when it moves within the picture."""
        found: list[tuple[float, float]] = []
        for (t1, *here), (t2, *there) in zip(self.way, self.way[1:], strict=False):
            if here == there:
                continue
            seen = [float(t) for t in np.arange(t1, t2, 0.1) if (b := self.box(t)) and b.w > 0]
            if not seen:
                continue
            if found and seen[0] - found[-1][1] < 0.25:
                found[-1] = (found[-1][0], seen[-1])
            else:
                found.append((seen[0], seen[-1]))
        return found


def send(scene: Scene, mover: Mover) -> None:
    """Put a mover into a scene and its times into the truth."""
    scene.add(Depth.MOVER, mover.layer)
    scene.boxes.append(mover.box)
    for since, until in mover.spans():
        joined = [span for span in scene.spans_s if span[0] <= until + 1 and since <= span[1] + 1]
        scene.spans_s = [span for span in scene.spans_s if span not in joined]
        whole = [(since, until), *joined]
        scene.spans_s.append((min(a for a, _ in whole), max(b for _, b in whole)))
    scene.spans_s.sort()
