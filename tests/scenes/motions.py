"""Scenes in which something happens that counts: each must raise an alarm while it lasts."""

from collections.abc import Callable

from tests.scenes import lights, weather
from tests.scenes.canvas import WIDTH, limb, rectangle
from tests.scenes.movers import (
    Draw,
    Look,
    Mover,
    Way,
    animal,
    bicycle,
    box,
    car,
    crouched,
    person,
    send,
)
from tests.scenes.scene import Depth, Scene

Build = Callable[[Scene], None]


def _look(scene: Scene, y: float, contrast: float | None = None, **more: float) -> Look:
    """Dress somebody so that he differs from the ground around row `y` by `contrast` (or a lot)."""
    chance = scene.chance
    rows = scene.backdrop.shape[0]
    around = float(
        scene.backdrop[int(rows * max(0, y - 40) / 240) : int(rows * y / 240) + 1].mean()
    )
    by = float(contrast or chance.uniform(35, 75))
    way = -1 if around > 140 or (around > 70 and chance.random() < 0.5) else 1
    upper = around + way * by
    lower = around + way * by * chance.uniform(0.6, 1.2)
    return Look(_within(upper), _within(lower), _within(around + way * by * 0.8), **more)


def _within(value: float) -> float:
    return min(max(value, 8.0), 245.0)


def _across(
    scene: Scene, speed: float, y: float, h: float, *, start: float = -0.3, far: float = 1.0
) -> Way:
    """Return a way across the picture, `speed` in pixels a second, from either side."""
    chance = scene.chance
    begin = chance.uniform(6, 9)
    reach = (WIDTH + h) * far
    x1 = start * h
    x2 = x1 + reach
    until = min(begin + reach / speed, scene.length_s - 0.5)
    x2 = x1 + (until - begin) * speed
    if chance.random() < 0.5:
        x1, x2 = WIDTH - x1, WIDTH - x2
    return ((begin, x1, y, h), (until, x2, y + chance.uniform(-8, 8), h))


def _walk(
    scene: Scene, low: float, high: float, speed: tuple[float, float], draw: Draw = person,
    contrast: float | None = None, y: float | None = None, shadow: float = 0.0, width: float = 0.36,
) -> None:  # fmt: skip
    chance = scene.chance
    h = chance.uniform(low, high)
    foot = y or chance.uniform(max(150, h + 20), 228)
    way = _across(scene, chance.uniform(*speed), foot, h)
    look = _look(scene, foot, contrast, strides_per_s=chance.uniform(1.5, 2.2), width=width)
    send(scene, Mover(draw, way, look, shadow))


def _near(scene: Scene) -> None:
    _walk(scene, 110, 160, (40, 70))


def _walker(scene: Scene) -> None:
    _walk(scene, 55, 90, (25, 50))


def _far(scene: Scene) -> None:
    _walk(scene, 24, 34, (9, 16), y=scene.chance.uniform(128, 150))


def _slow(scene: Scene) -> None:
    _walk(scene, 60, 90, (9, 14))


def _fast(scene: Scene) -> None:
    _walk(scene, 60, 90, (60, 85))


def _running(scene: Scene) -> None:
    _walk(scene, 70, 110, (120, 170))


def _at_night(scene: Scene) -> None:
    _walk(scene, 60, 100, (25, 50), contrast=scene.chance.uniform(60, 90))
    lights.night(scene, scene.chance.uniform(3, 5))


def _low_contrast(scene: Scene) -> None:
    _walk(scene, 70, 110, (25, 50), contrast=scene.chance.uniform(13, 20))


def _crouching(scene: Scene) -> None:
    _walk(scene, 32, 50, (14, 28), draw=crouched, width=1.2)


def _fence(scene: Scene) -> None:
    _walk(scene, 70, 100, (25, 45))
    every = scene.chance.uniform(9, 13)

    def slats(canvas, t, own):  # type: ignore[no-untyped-def]
        for number in range(int(WIDTH / every) + 1):
            rectangle(canvas, number * every, 90, every * 0.55, 140, 150)

    scene.add(Depth.FRONT, slats)


def _partly_covered(scene: Scene) -> None:
    _walk(scene, 70, 110, (25, 45))
    x, wide = scene.chance.uniform(90, 180), scene.chance.uniform(40, 70)

    def hedge(canvas, t, own):  # type: ignore[no-untyped-def]
        rectangle(canvas, 0, 185, WIDTH, 60, 70)
        rectangle(canvas, x, 60, wide, 140, 85)

    scene.add(Depth.FRONT, hedge)


def _towards(scene: Scene) -> None:
    """Let somebody come along the optical axis: he hardly moves, he grows."""
    chance = scene.chance
    begin, x = chance.uniform(5, 7), chance.uniform(110, 210)
    h1, h2 = chance.uniform(34, 44), chance.uniform(120, 160)
    way = (
        (begin, x, 140.0, h1),
        (begin + chance.uniform(7, 10), x + chance.uniform(-20, 20), 226.0, h2),
    )
    if chance.random() < 0.35:
        way = ((way[0][0], *way[1][1:]), (way[1][0], *way[0][1:]))
    send(scene, Mover(person, way, _look(scene, 170)))


def _animal(scene: Scene) -> None:
    _walk(scene, 13, 22, (25, 60), draw=animal, width=2.0)


def _car(scene: Scene) -> None:
    _walk(scene, 40, 70, (60, 130), draw=car, width=2.7)


def _bicycle(scene: Scene) -> None:
    _walk(scene, 60, 90, (60, 100), draw=bicycle, width=0.9)


def _two(scene: Scene) -> None:
    _walk(scene, 55, 90, (25, 45))
    _walk(scene, 55, 90, (25, 45))


def _stop_and_go(scene: Scene) -> None:
    chance = scene.chance
    h, y, speed = chance.uniform(60, 100), chance.uniform(170, 225), chance.uniform(25, 45)
    at, x, way = chance.uniform(5, 6.5), -10.0, []
    for _ in range(3):
        way.append((at, x, y, h))
        at, x = at + 2, x + 2 * speed
        way.append((at, x, y, h))
        at += chance.uniform(1, 2)
    if chance.random() < 0.5:
        way = [(t, WIDTH - x, y, h) for t, x, y, h in way]
    send(scene, Mover(person, tuple(way), _look(scene, y)))


def _in_rain(scene: Scene) -> None:
    _walker(scene)
    weather.rain(scene, int(scene.chance.integers(30, 90)))


def _in_snow(scene: Scene) -> None:
    _walker(scene)
    weather.snow(scene, int(scene.chance.integers(50, 120)))


def _in_wind(scene: Scene) -> None:
    _walker(scene)
    weather.tree(
        scene, scene.chance.uniform(1.5, 4), gusts=bool(scene.chance.random() < 0.5), share=0.7
    )


def _under_clouds(scene: Scene) -> None:
    _walker(scene)
    lights.clouds(scene, scene.chance.uniform(0.2, 0.4))


def _after_switch(scene: Scene) -> None:
    """Let the lamp go on as somebody comes in."""
    _walk(scene, 60, 100, (25, 45))
    lights.switch(scene, scene.spans_s[0][0] + scene.chance.uniform(-1.5, 0.3))


def _enters_and_stays(scene: Scene) -> None:
    chance = scene.chance
    h, y = chance.uniform(70, 120), chance.uniform(180, 226)
    begin, to = chance.uniform(6, 9), chance.uniform(80, 220)
    way: Way = ((begin, -20.0, y, h), (begin + (to + 20) / chance.uniform(30, 50), to, y, h))
    send(scene, Mover(person, (*way, (scene.length_s, to, y, h)), _look(scene, y)))


def _parked_car_leaves(scene: Scene) -> None:
    chance = scene.chance
    h, y, x = chance.uniform(40, 65), chance.uniform(160, 215), chance.uniform(90, 200)
    begin = chance.uniform(7, 10)
    way = (
        (0.0, x, y, h),
        (begin, x, y, h),
        (begin + 1.2, x + 35, y, h),
        (begin + 4, x + 330, y, h),
    )
    if chance.random() < 0.5:
        way = tuple((t, WIDTH - x, y, h) for t, x, y, h in way)  # type: ignore[assignment]
    send(scene, Mover(car, way, _look(scene, y, width=2.7)))


def _parcel(scene: Scene) -> None:
    """Let somebody come, put down a parcel and go again; the parcel stays."""
    chance = scene.chance
    h, y, to = chance.uniform(70, 100), chance.uniform(170, 220), chance.uniform(100, 220)
    begin, takes = chance.uniform(5, 7), (to + 20) / chance.uniform(35, 55)
    there = begin + takes
    way = (
        (begin, -20.0, y, h),
        (there, to, y, h),
        (there + 1.2, to, y, h),
        (there + 1.2 + takes, -20.0, y, h),
    )
    send(scene, Mover(person, way, _look(scene, y)))
    lies = ((there + 0.6, to + 14, y + 2, 16.0), (scene.length_s, to + 14, y + 2, 16.0))
    parcel = Mover(box, lies, _look(scene, y))
    scene.add(Depth.MOVER, parcel.layer)


def _with_shadow(scene: Scene) -> None:
    _walk(scene, 60, 100, (25, 50), shadow=0.5)


def _car_at_night(scene: Scene) -> None:
    """Let a car drive through with its lamps on."""
    lights.night(scene, scene.chance.uniform(3, 5))
    chance = scene.chance
    h, y = chance.uniform(40, 60), chance.uniform(150, 210)
    way = _across(scene, chance.uniform(60, 120), y, h, start=-1.2)
    mover = Mover(car, way, Look(130, 30, 90, width=2.7))
    send(scene, mover)
    ahead = 1 if way[1][1] > way[0][1] else -1

    def lamps(canvas, t, own):  # type: ignore[no-untyped-def]
        if here := mover.at(t):
            lamp = (here[0] + ahead * 1.2 * h, here[1] - 0.4 * h)
            limb(canvas, lamp, lamp, 4, 250)

    scene.add(Depth.AIR, lamps)


MOTIONS: dict[str, Build] = {
    "walker": _walker,
    "walker near": _near,
    "walker far": _far,
    "slow walker": _slow,
    "fast walker": _fast,
    "running across": _running,
    "walker at night": _at_night,
    "low contrast": _low_contrast,
    "crouching": _crouching,
    "behind a fence": _fence,
    "partly covered": _partly_covered,
    "along the axis": _towards,
    "small animal": _animal,
    "car": _car,
    "bicycle": _bicycle,
    "two people": _two,
    "stop and go": _stop_and_go,
    "in rain": _in_rain,
    "in snow": _in_snow,
    "in wind": _in_wind,
    "under clouds": _under_clouds,
    "after a switch": _after_switch,
    "enters and stays": _enters_and_stays,
    "parked car leaves": _parked_car_leaves,
    "parcel put down": _parcel,
    "with a shadow": _with_shadow,
    "car at night": _car_at_night,
}
"""Kind → what makes it so."""
