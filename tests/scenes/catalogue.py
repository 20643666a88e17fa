"""All scenes by name, and which seeds may be looked at while tuning."""

from collections.abc import Iterator

import numpy as np

from tests.scenes.backdrops import BACKDROPS
from tests.scenes.hostile import HOSTILE
from tests.scenes.motions import MOTIONS
from tests.scenes.scene import Depth, Scene, sensor

TUNING_SEEDS = (1, 2, 3)
"""The detector's constants were chosen on these …"""

HELD_OUT_SEEDS = (101, 102, 103, 104)
"""… the table of `docs/ref/motion.md` is made from these …"""

REGRESSION_SEEDS = (201,)
"""… and the tests that run with every change take these. Never tune on either."""

LENGTH_S = 20.0


def make(kind: str, place: str, seed: int, scale: int = 1) -> Scene:
    """Return a scene; `scale` 1 is 320×240, 2 is 640×480. Raises KeyError for unknown names."""
    kinds = [*HOSTILE, *MOTIONS]
    chance = np.random.default_rng((seed, kinds.index(kind), [*BACKDROPS].index(place)))
    scene = Scene(
        kind=kind,
        place=place,
        seed=seed,
        length_s=LENGTH_S,
        backdrop=BACKDROPS[place](chance, scale),
        chance=chance,
        noise=float(chance.uniform(1.2, 2.4)),
    )
    (HOSTILE.get(kind) or MOTIONS[kind])(scene)
    scene.add(Depth.CAMERA, sensor(scene))
    return scene


def scenes(seeds: tuple[int, ...], kinds: tuple[str, ...] = (), scale: int = 1) -> Iterator[Scene]:
    """Go through every kind before every backdrop, once a seed."""
    for kind in kinds or (*HOSTILE, *MOTIONS):
        for place in BACKDROPS:
            for seed in seeds:
                yield make(kind, place, seed, scale)
