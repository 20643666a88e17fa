"""Where real footage lies, and what is known of it (checked on the frames)."""

import itertools
import os
from pathlib import Path

CAR = "car-detection.mp4"
PEOPLE = "one-by-one-person-detection.mp4"

PASSAGES_S = ((4.4, 9.0), (14.4, 19.2), (25.2, 27.8))
EMPTY_S = (
    (0.0, 5.9),
    (20.5, 22.4),
    (45.3, 49.8),
    (70.6, 74.2),
    (87.5, 92.0),
    (120.8, 123.1),
    (136.7, 139.0),
)
VISITS_S = tuple((early[1], late[0]) for early, late in itertools.pairwise(EMPTY_S))


def footage(name: str) -> Path | None:
    """Return the path of a clip, or None where there is no footage."""
    folders = [os.environ.get("GATEHOUSE_FOOTAGE"), Path(__file__).parents[3] / "shared/footage"]
    for folder in folders:
        if folder and (Path(folder) / name).is_file():
            return Path(folder) / name
    return None
