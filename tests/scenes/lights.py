"""Light and cameras that change: clouds, lamps, shadows, beams, exposure, noise, shake."""

import numpy as np

from tests.scenes.canvas import HEIGHT, WIDTH, Canvas, field, glow, scale_of
from tests.scenes.scene import Depth, Scene


def clouds(scene: Scene, depth: float) -> None:
    """Let clouds pass: the whole picture dims, and their soft shadows drift over it."""
    chance = scene.chance
    rows, columns = scene.backdrop.shape
    s = scale_of(scene.backdrop)
    reach = round(chance.uniform(12, 30) * s * scene.length_s)
    sky = field(chance, (rows, columns + reach), chance.uniform(110, 220) * s)
    every = chance.uniform(6, 14)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        at = round(reach * t / scene.length_s)
        own_light = 1 + depth * 0.5 * np.sin(2 * np.pi * t / every)
        canvas *= own_light * (1 - depth * np.clip(sky[:, at : at + columns] * 0.5 + 0.3, 0, 1))

    scene.add(Depth.LIGHT, draw)


def switch(scene: Scene, *times_s: float) -> None:
    """Switch a lamp at these times: everything changes, near the lamp most."""
    chance = scene.chance
    rows, columns = scene.backdrop.shape
    x, y = chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT)
    s = scale_of(scene.backdrop)
    away = np.hypot(np.arange(columns)[None, :] / s - x, np.arange(rows)[:, None] / s - y)
    lit = 1 + chance.uniform(0.5, 1.2) * np.exp(-away / chance.uniform(120, 260))
    dim = chance.uniform(0.45, 0.7)
    begins_on = chance.random() < 0.5

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        switched = sum(t >= at for at in times_s)
        canvas *= dim * (lit if begins_on != bool(switched % 2) else 1.0)

    scene.add(Depth.LIGHT, draw)


def dusk(scene: Scene) -> None:
    """Let the light fade by half, and the noise grow."""
    first = scene.noise

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        canvas *= 1 - 0.5 * t / scene.length_s
        scene.noise = first * (1 + 1.5 * t / scene.length_s)

    scene.add(Depth.LIGHT, draw)


def night(scene: Scene, noise: float) -> None:
    """Make it night before an infrared lamp: bright in the middle, dark around, noisy."""
    chance = scene.chance
    rows, columns = scene.backdrop.shape
    x, y = chance.uniform(0.35, 0.65) * columns, chance.uniform(0.45, 0.75) * rows
    away = np.hypot(
        (np.arange(columns)[None, :] - x) / columns, (np.arange(rows)[:, None] - y) / rows
    )
    lamp = (0.14 + chance.uniform(0.4, 0.6) * np.exp(-((away / 0.4) ** 2))).astype(np.float32)
    scene.noise = noise

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        canvas *= lamp

    scene.add(Depth.LIGHT, draw)


def hunting(scene: Scene) -> None:
    """Let the automatic exposure swing and step."""
    chance = scene.chance
    rate, depth = chance.uniform(0.2, 0.9), chance.uniform(0.05, 0.13)
    steps = np.cumsum(chance.uniform(2, 5, 12))
    gains = chance.uniform(0.88, 1.12, 13)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        number = int(np.searchsorted(steps, t))
        canvas *= gains[number] * (1 + depth * np.sin(2 * np.pi * rate * t))

    scene.add(Depth.CAMERA, draw)


def headlights(scene: Scene, *, crossings: int = 3) -> None:
    """Let beams of cars out of view sweep over walls and ground."""
    chance = scene.chance
    sweeps = []
    for number in range(crossings):
        begin = 3 + number * (scene.length_s - 6) / crossings + chance.uniform(0, 2.5)
        sweeps.append((begin, chance.uniform(1.5, 4), chance.random() < 0.5,
                       chance.uniform(60, 190),
                       chance.uniform(30, 75), chance.uniform(20, 60), chance.uniform(0.5, 1.6),
                       chance.uniform(0.3, 0.9)))  # fmt: skip

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for begin, takes, back, y, wide, high, gain, edge in sweeps:
            share = (t - begin) / takes
            if 0 <= share <= 1:
                share = share * share * (1.5 - 0.5 * share)  # quickest when the car is nearest
                x = (WIDTH + 160) * (1 - share if back else share) - 80
                glow(canvas, x, y, wide, high, gain, edge)

    scene.add(Depth.LIGHT, draw)


def shadows(scene: Scene) -> None:
    """Let hard shadows fall: of a swaying mast, of somebody or something that stays out of view."""
    chance = scene.chance
    dark = chance.uniform(0.45, 0.7)
    passes = [(float(b), chance.uniform(2, 6), chance.random() < 0.5) for b in
              np.arange(3, scene.length_s - 4, chance.uniform(5.5, 7))]  # fmt: skip
    wide, slant = chance.uniform(14, 60), chance.uniform(-0.8, 0.8)
    top = chance.uniform(90, 140)
    mast, rate, reach = chance.uniform(30, 290), chance.uniform(0.15, 0.5), chance.uniform(4, 14)
    rows, columns = scene.backdrop.shape
    s = scale_of(scene.backdrop)
    x, y = np.arange(columns)[None, :] / s, np.arange(rows)[:, None] / s
    low = np.clip(y - top, 0, 1)

    def bar(canvas: Canvas, at: float, width: float) -> None:
        off = np.abs(x - at - slant * (y - top)) - width / 2
        canvas *= 1 - (1 - dark) * np.clip(1.0 - off, 0, 1) * low

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        bar(canvas, mast + reach * np.sin(2 * np.pi * rate * t), 9)
        for begin, takes, back in passes:
            share = (t - begin) / takes
            if 0 <= share <= 1:
                bar(canvas, (WIDTH + 240) * (1 - share if back else share) - 120, wide)

    scene.add(Depth.LIGHT, draw)


def television(scene: Scene) -> None:
    """Let a television light a window: a patch that changes with every cut."""
    chance = scene.chance
    x, y = chance.uniform(60, 260), chance.uniform(50, 110)
    wide, high = chance.uniform(25, 60), chance.uniform(25, 45)
    cuts = np.cumsum(chance.exponential(0.8, 60))
    gains = chance.uniform(0, 1.5, 61)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        glow(
            canvas,
            x,
            y,
            wide,
            high,
            gains[int(np.searchsorted(cuts, t))] * own.uniform(0.9, 1),
            0.5,
        )

    scene.add(Depth.LIGHT, draw)


def glints(scene: Scene) -> None:
    """Let the sun come and go on windows: patches that brighten where they are."""
    chance = scene.chance
    spots = chance.random((4, 2)) * (WIDTH, 110)
    late, every = chance.uniform(0, 6, 4), chance.uniform(2, 6, 4)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for (x, y), phase, takes in zip(spots, late, every, strict=True):
            glow(canvas, x, y, 22, 16, 1.3 * max(0.0, np.sin(2 * np.pi * t / takes + phase)), 0.6)

    scene.add(Depth.LIGHT, draw)


def mains_flicker(scene: Scene) -> None:
    """Let lamps on 50 Hz beat with a rolling shutter: bands that wander through the picture."""
    rate, depth = scene.chance.uniform(0.3, 2.5), scene.chance.uniform(0.04, 0.1)
    rows = scene.backdrop.shape[0]

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        bands = np.sin(2 * np.pi * (2.3 * np.arange(rows) / rows - rate * t))
        canvas *= (1 + depth * bands)[:, None].astype(np.float32)

    scene.add(Depth.CAMERA, draw)


def compression(scene: Scene) -> None:
    """Damage the picture as a starved encoder does: blocks freeze, jump and lose their texture."""
    chance = scene.chance
    side = 8 * round(scale_of(scene.backdrop))
    rows, columns = scene.backdrop.shape[0] // side, scene.backdrop.shape[1] // side
    depth = chance.uniform(3, 7)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        gop = np.random.default_rng((scene.seed, int(t)))  # the same errors until the next keyframe
        error = gop.normal(0, depth, (rows, columns)) * (gop.random((rows, columns)) < 0.5)
        error += own.normal(0, 1.2, (rows, columns))
        whole = canvas[: rows * side, : columns * side]
        flat = whole.reshape(rows, side, columns, side).mean(axis=(1, 3))
        rough = np.repeat(np.repeat(flat + error, side, 0), side, 1)
        whole += (rough.astype(np.float32) - whole) * np.float32(0.6)

    scene.add(Depth.SENSOR, draw)


def shake(scene: Scene, reach: float) -> None:
    """Shake the camera: on a pole in the wind, and knocked now and then."""
    chance = scene.chance
    rates, late = chance.uniform(0.7, 3.2, 4), chance.uniform(0, 6, 4)
    knocks = chance.uniform(3, scene.length_s, 4)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> Canvas:
        knocked = max((2.5 * float(np.exp(-(t - k) / 0.4)) for k in knocks if t >= k), default=0.0)
        far = (reach + knocked) * scale_of(canvas)
        waves = np.sin(2 * np.pi * rates * t + late)
        dy, dx = far * (waves[0] + waves[1]) / 2, far * (waves[2] + waves[3]) / 2
        return shifted(canvas, float(dy), float(dx))

    scene.add(Depth.CAMERA, draw)


def shifted(canvas: Canvas, dy: float, dx: float) -> Canvas:
    """Return the canvas moved by parts of pixels; its rim is repeated."""
    rim = 12 * round(scale_of(canvas))
    rows, columns = canvas.shape
    wide = np.pad(canvas, rim, mode="edge")
    top, left = int(np.floor(dy)), int(np.floor(dx))
    b, r = np.float32(dy - top), np.float32(dx - left)
    y, x = rim + max(-rim, min(top, rim - 1)), rim + max(-rim, min(left, rim - 1))
    one = (
        wide[y : y + rows, x : x + columns] * (1 - r)
        + wide[y : y + rows, x + 1 : x + columns + 1] * r
    )
    two = wide[y + 1 : y + rows + 1, x : x + columns] * (1 - r)
    two += wide[y + 1 : y + rows + 1, x + 1 : x + columns + 1] * r
    moved: Canvas = one * (1 - b) + two * b
    return moved
