"""Scenes in which nothing happens, and much seems to: not one of them may raise an alarm."""

from collections.abc import Callable

from tests.scenes import lights, weather
from tests.scenes.scene import Scene

Build = Callable[[Scene], None]


def _night_noise(scene: Scene) -> None:
    lights.night(scene, scene.chance.uniform(6, 10))


def _dark(scene: Scene) -> None:
    lights.night(scene, scene.chance.uniform(3, 5))


def _night_insects(scene: Scene) -> None:
    _dark(scene)
    weather.insects(scene, 14)


def _headlights(scene: Scene) -> None:
    _dark(scene)
    lights.headlights(scene)


def _web(scene: Scene) -> None:
    _dark(scene)
    weather.web(scene)


def _television(scene: Scene) -> None:
    _dark(scene)
    lights.television(scene)


def _switch(scene: Scene) -> None:
    lights.switch(scene, *sorted(scene.chance.uniform(4, scene.length_s - 3, 3)))


HOSTILE: dict[str, Build] = {
    "still": lambda scene: None,
    "clouds": lambda scene: lights.clouds(scene, scene.chance.uniform(0.25, 0.5)),
    "light switched": _switch,
    "dusk": lights.dusk,
    "exposure hunting": lights.hunting,
    "noise at night": _night_noise,
    "compression blocks": lights.compression,
    "tree in wind": lambda scene: weather.tree(scene, scene.chance.uniform(1.2, 2.8), gusts=False),
    "gusty tree": lambda scene: weather.tree(scene, scene.chance.uniform(5, 11), gusts=True),
    "rain": lambda scene: weather.rain(scene, int(scene.chance.integers(30, 110))),
    "snow": lambda scene: weather.snow(scene, int(scene.chance.integers(60, 180))),
    "insects at night": _night_insects,
    "headlights": _headlights,
    "hard shadows": lights.shadows,
    "flag": lambda scene: weather.cloth(scene, flag=True),
    "washing": lambda scene: weather.cloth(scene, flag=False),
    "water": weather.water,
    "shaken camera": lambda scene: lights.shake(scene, scene.chance.uniform(0.8, 2.5)),
    "flicker at 50 Hz": lights.mains_flicker,
    "television": _television,
    "spider's web": _web,
    "glints": lights.glints,
    "steam": weather.steam,
}
"""Kind → what makes it so."""
