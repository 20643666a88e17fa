"""What moves but does not count: leaves, rain, snow, insects, flags, water, steam."""

import numpy as np

from tests.scenes.canvas import HEIGHT, WIDTH, Canvas, bent, field, glow, grained, limb, scale_of
from tests.scenes.scene import Depth, Scene


def tree(scene: Scene, sway: float, *, gusts: bool, share: float = 1.0) -> None:
    """Stand a tree or bush in the picture whose leaves move `sway` pixels; gusts come and go."""
    chance = scene.chance
    s = round(scale_of(scene.backdrop))
    rows, columns = (round(chance.uniform(a, b) * s * share) for a, b in ((80, 130), (80, 150)))
    x, y = round(chance.uniform(0, WIDTH * s - columns)), round(chance.uniform(0, 70) * s)
    leaves = chance.uniform(50, 100) + grained(chance, (rows, columns), 26)
    # Holes in the crown show what lies behind.
    edge_y, edge_x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None, :]
    thick = 1.15 - np.hypot(edge_x, edge_y) + 0.3 * field(chance, (rows, columns), 9 * s)
    cover = np.clip(thick * 6, 0, 1).astype(np.float32)
    lag = field(chance, (rows, columns), 28 * s) * 1.2
    rates = chance.uniform(0.35, 0.7), chance.uniform(1.1, 1.9)
    begin, every = chance.uniform(2, 6), chance.uniform(5, 9)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        strength = 1.0
        if gusts:
            strength = 0.15 + max(0.0, float(np.sin(2 * np.pi * (t - begin) / every))) ** 1.5
        lean = sway * s * strength
        slow = np.sin(2 * np.pi * rates[0] * t + lag)
        fast = np.sin(2 * np.pi * rates[1] * t + 3 * lag)
        right = (lean * (0.6 * slow + 0.3 * fast + 0.5 * (strength if gusts else 0))).astype(
            np.float32
        )
        down = (0.35 * lean * fast).astype(np.float32)
        patch = canvas[y : y + rows, x : x + columns]
        own_cover = bent(cover, right, down)[: patch.shape[0], : patch.shape[1]]
        own_leaves = bent(leaves, right, down)[: patch.shape[0], : patch.shape[1]]
        patch += (own_leaves - patch) * own_cover

    scene.add(Depth.FRONT, draw)


def rain(scene: Scene, drops: int) -> None:
    """Let it rain: bright streaks, elsewhere in every picture."""
    slant = scene.chance.uniform(-0.25, 0.25)
    bright = scene.chance.uniform(18, 45)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for x, y, size in own.random((drops, 3)):
            long = 6 + 24 * size * size
            at = (x * WIDTH, y * HEIGHT)
            here = canvas[min(canvas.shape[0] - 1, int(y * canvas.shape[0])),
                          min(canvas.shape[1] - 1, int(x * canvas.shape[1]))]  # fmt: skip
            end = (at[0] + slant * long, at[1] + long)
            limb(canvas, at, end, 0.35 + 0.6 * size, float(here) + bright, 0.7)

    scene.add(Depth.AIR, draw)


def snow(scene: Scene, flakes: int) -> None:
    """Let it snow: flakes fall and drift, near ones large and fast."""
    chance = scene.chance
    near = chance.random(flakes) ** 4
    start = chance.random((flakes, 2)) * (WIDTH + 40, HEIGHT + 40)
    fall = 35 + 110 * near + chance.normal(0, 6, flakes)
    drift = chance.uniform(-25, 25) * (0.6 + near)
    swing, late = chance.uniform(2, 9, flakes), chance.uniform(0, 6.3, flakes)
    bright = chance.uniform(190, 235)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        x = (start[:, 0] + drift * t + swing * np.sin(1.7 * t + late)) % (WIDTH + 40) - 20
        y = (start[:, 1] + fall * t) % (HEIGHT + 40) - 20
        for n in range(flakes):
            at = (float(x[n]), float(y[n]))
            end = (at[0], at[1] + float(fall[n]) / 45)
            limb(canvas, at, end, 0.7 + 2.6 * float(near[n]), bright, 0.85 - 0.35 * float(near[n]))

    scene.add(Depth.AIR, draw)


def insects(scene: Scene, count: int) -> None:
    """Let insects fly before an infrared lamp: bright, blurred, quick, some of them straight."""
    chance = scene.chance
    flights: list[tuple[float, ...]] = []
    for _ in range(count):
        begin = chance.uniform(0, scene.length_s)
        flights.append((begin, begin + chance.uniform(0.5, 3.5), *chance.random(2),
                        chance.uniform(0, 6.3), chance.uniform(40, 260), chance.uniform(0.2, 5),
                        chance.uniform(0.5, 2.2), chance.uniform(1.5, 7)))  # fmt: skip

    def place(flight: tuple[float, ...], t: float) -> tuple[float, float]:
        begin, _, left, top, way, speed, turn, rate, _ = flight
        since = t - begin
        wobble = turn * speed / 12
        angle = way + 0.4 * np.sin(rate * since)
        x = left * WIDTH + np.cos(angle) * speed * since + wobble * np.sin(7 * rate * since)
        y = top * HEIGHT + np.sin(angle) * speed * since + wobble * np.cos(9 * rate * since)
        return float(x), float(y)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for flight in flights:
            if flight[0] <= t <= flight[1]:
                limb(canvas, place(flight, t), place(flight, t + 0.04), flight[8] * 0.8, 215, 0.55)

    scene.add(Depth.AIR, draw)


def web(scene: Scene) -> None:
    """Hang threads of a spider's web before the lens; they sway, out of focus, lit by the lamp."""
    chance = scene.chance
    threads = chance.random((5, 4)) * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    late, rate = chance.uniform(0, 6, 5), chance.uniform(0.3, 1.2)
    reach, thick = chance.uniform(6, 16), chance.uniform(2.5, 5)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for (x1, y1, x2, y2), phase in zip(threads, late, strict=True):
            sway = reach * (np.sin(2 * np.pi * rate * t + phase) + 0.4 * np.sin(9 * t + phase)) / 2
            limb(canvas, (x1 + sway, y1), (x2 + sway * 0.6, y2 + sway * 0.3), thick, 190, 0.3)

    scene.add(Depth.AIR, draw)


def cloth(scene: Scene, *, flag: bool) -> None:
    """Hang a flag, or washing on a line, in the wind."""
    chance = scene.chance
    s = round(scale_of(scene.backdrop))
    size = (28, 44) if flag else (56, 40)
    rows, columns = (round(chance.uniform(0.8, 1.4) * side * s) for side in size)
    x, y = round(chance.uniform(20, 220) * s), round(chance.uniform(20, 90) * s)
    stuff = np.where((np.arange(rows) * 3 // rows % 2 == 0)[:, None], 200.0, 60.0)
    stuff = np.broadcast_to(stuff if flag else 215.0, (rows, columns)).astype(np.float32)
    stuff = stuff + grained(chance, (rows, columns), 6)
    rate, reach = chance.uniform(0.5, 1.6), chance.uniform(3, 7) * s
    away = np.linspace(0, 1, columns)[None, :] if flag else np.linspace(0, 1, rows)[:, None]

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        wave = np.sin(2 * np.pi * (rate * t - 1.4 * away)) + 0.3 * np.sin(11 * t + 5 * away)
        right = (away * reach * wave * (0.3 if flag else 1.6)).astype(np.float32)
        down = (away * reach * wave * (1.0 if flag else 0.2)).astype(np.float32)
        shade = (1 + 0.2 * away * np.cos(2 * np.pi * (rate * t - 1.4 * away))).astype(np.float32)
        moved = bent(stuff, np.broadcast_to(right, stuff.shape), np.broadcast_to(down, stuff.shape))
        patch = canvas[y : y + rows, x : x + columns]
        patch[:] = (moved * shade)[: patch.shape[0], : patch.shape[1]]

    scene.add(Depth.FRONT, draw)


def water(scene: Scene) -> None:
    """Put a pond in the foreground that ripples and glitters."""
    chance = scene.chance
    s = round(scale_of(scene.backdrop))
    top, left = round(chance.uniform(120, 160) * s), round(chance.uniform(0, 90) * s)
    rows, columns = round(70 * s), round(chance.uniform(130, 210) * s)
    lumps = [field(chance, (rows, columns), g * s) for g in (5, 9, 14)]
    rates = chance.uniform(2, 5, 3)
    base = chance.uniform(70, 110)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        ripple = sum(np.sin(3 * lump + rate * t) for lump, rate in zip(lumps, rates, strict=True))
        glitter = np.maximum(0, np.asarray(ripple) - 1.9) * 90
        patch = canvas[top : top + rows, left : left + columns]
        patch[:] = (base + 7 * np.asarray(ripple) + glitter)[: patch.shape[0], : patch.shape[1]]

    scene.add(Depth.GROUND, draw)


def steam(scene: Scene) -> None:
    """Let steam rise from a vent: soft, bright, upward, gone after a metre."""
    chance = scene.chance
    x, y = chance.uniform(40, 280), chance.uniform(80, 150)
    late = np.arange(14) / 14 + chance.uniform(0, 0.04, 14)
    lean, life = chance.uniform(-25, 25), chance.uniform(2.2, 4)

    def draw(canvas: Canvas, t: float, own: np.random.Generator) -> None:
        for number, start in enumerate(late):
            age = (t / life + start) % 1
            wobble = 5 * np.sin(1.3 * t + number)
            glow(canvas, x + lean * age + wobble * age, y - 60 * age, 6 + 20 * age, 6 + 16 * age,
                 0.34 * (1 - age))  # fmt: skip

    scene.add(Depth.AIR, draw)
