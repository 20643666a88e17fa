"""What the detector is told and what it answers."""

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as fractions of the picture: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon, corners as fractions of the picture."""

    name: str
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What the owner may turn. Defaults suit an outdoor camera at 5–15 frames/s.

    `sensitivity` 0–1 (0.5 is the tuned middle). `minimum_area` is the fraction of the picture that
    a mover must cover. `masks` are polygons in which nothing counts. When `zones` is not empty,
    only movers that touch one of them count.
    """

    sensitivity: float = 0.5
    minimum_area: float = 0.0006
    masks: tuple[tuple[Point, ...], ...] = ()
    zones: tuple[Zone, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one frame meant.

    `moving` holds from the moment of decision until nothing counted moves any more; `since_us` is
    then the time at which that motion really began, before it was decided. `score` is the share
    of the picture that moves, in percent ≥ 0; `confidence` 0–100. `reason` is a sentence for the
    owner, empty while nothing moves. `suppressed` names what made the detector hold back
    ("light", "shake", "learning") or is empty.
    """

    at_us: int
    moving: bool
    since_us: int | None = None
    score: float = 0.0
    confidence: float = 0.0
    boxes: tuple[Box, ...] = ()
    zones: tuple[str, ...] = ()
    reason: str = ""
    suppressed: str = ""
