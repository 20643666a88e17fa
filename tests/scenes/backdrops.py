"""Three places to look at, drawn anew from every seed: a garden, a street, a yard."""

from collections.abc import Callable

import numpy as np

from tests.scenes.canvas import HEIGHT, WIDTH, Canvas, grained, limb, rectangle


def garden(chance: np.random.Generator, scale: int) -> Canvas:
    """Sky, a hedge, a lawn with a path, a fence."""
    canvas = _empty(scale, chance.uniform(150, 190))
    horizon = chance.uniform(40, 60)
    rectangle(canvas, 0, horizon, WIDTH, 45, chance.uniform(55, 75))
    rectangle(canvas, 0, horizon + 40, WIDTH, HEIGHT, chance.uniform(95, 120))
    foot, head = chance.uniform(60, 240), chance.uniform(100, 220)
    for step in range(40):
        share = step / 39
        x = head + (foot - head) * share
        limb(canvas, (x, horizon + 42 + share * 160), (x, horizon + 46 + share * 160),
             6 + 24 * share, 165)  # fmt: skip
    for post in np.arange(chance.uniform(0, 20), WIDTH, 24):
        rectangle(canvas, float(post), horizon + 22, 3, 26, 190)
    return _finished(canvas, chance)


def street(chance: np.random.Generator, scale: int) -> Canvas:
    """Houses with windows, a pavement, a road with a kerb, a car that is parked."""
    canvas = _empty(scale, chance.uniform(120, 150))
    for x in np.arange(chance.uniform(-20, 10), WIDTH, 42):
        for y in (14, 50):
            rectangle(canvas, float(x), y, 20, 24, chance.uniform(40, 75))
    rectangle(canvas, 0, 92, WIDTH, 34, chance.uniform(150, 175))
    rectangle(canvas, 0, 126, WIDTH, 4, 205)
    rectangle(canvas, 0, 130, WIDTH, HEIGHT, chance.uniform(80, 105))
    for x in np.arange(chance.uniform(0, 30), WIDTH, 50):
        rectangle(canvas, float(x), 190, 26, 4, 190)
    x = chance.uniform(20, 240)
    limb(canvas, (x, 122), (x + 46, 122), 11, chance.uniform(30, 60))
    limb(canvas, (x + 10, 110), (x + 32, 110), 8, chance.uniform(40, 70))
    return _finished(canvas, chance)


def yard(chance: np.random.Generator, scale: int) -> Canvas:
    """A brick wall with a door and a window, slabs in front, bushes."""
    canvas = _empty(scale, chance.uniform(110, 135))
    for row in range(12):
        rectangle(canvas, 0, row * 10, WIDTH, 1.2, 85)
        for x in np.arange((row % 2) * 11, WIDTH, 22):
            rectangle(canvas, float(x), row * 10, 1.2, 10, 85)
    door = chance.uniform(30, 250)
    rectangle(canvas, door, 34, 40, 86, chance.uniform(50, 80))
    rectangle(canvas, (door + 150) % 280, 30, 46, 40, chance.uniform(30, 55))
    rectangle(canvas, 0, 120, WIDTH, HEIGHT, chance.uniform(140, 165))
    for y in (128, 140, 158, 184, 218):
        rectangle(canvas, 0, y, WIDTH, 1.5, 110)
    for _ in range(7):
        at = (chance.uniform(0, WIDTH), chance.uniform(108, 122))
        limb(canvas, at, at, chance.uniform(6, 13), chance.uniform(45, 80))
    return _finished(canvas, chance)


BACKDROPS: dict[str, Callable[[np.random.Generator, int], Canvas]] = {
    "garden": garden,
    "street": street,
    "yard": yard,
}


def _empty(scale: int, value: float) -> Canvas:
    return np.full((HEIGHT * scale, WIDTH * scale), value, dtype=np.float32)


def _finished(canvas: Canvas, chance: np.random.Generator) -> Canvas:
    shape = (canvas.shape[0], canvas.shape[1])
    finished: Canvas = np.clip(canvas + grained(chance, shape, chance.uniform(5, 10)), 4, 245)
    return finished
