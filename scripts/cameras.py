"""Which simulated cameras a household gets: one for each piece of footage, or synthetic scenes."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset({".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".ts"})
MOST = 4
SYNTHETIC_CAMERAS = 2
BESIDE = Path("../shared/footage")


@dataclass(frozen=True)
class CameraPlan:
    """One simulated camera: its id, its name, and what its agent watches."""

    camera_id: str
    name: str
    source: str


class NoFootage(Exception):
    """The footage that was asked for is not there."""


def plan(count: int | None, asked: Path | None) -> list[CameraPlan]:
    """Return `count` cameras, or as many as there is footage. Raises NoFootage."""
    files = find_footage(asked)
    if not files:
        number = SYNTHETIC_CAMERAS if count is None else count
        return [
            CameraPlan(f"synthetic_{n}", f"Synthetic scene {n}", f"synthetic:{n}")
            for n in range(1, number + 1)
        ]
    number = min(len(files), MOST) if count is None else count
    return [_camera(files[n % len(files)], n // len(files)) for n in range(number)]


def find_footage(asked: Path | None) -> list[Path]:
    """Return video files from the first place that is named or exists. Raises NoFootage."""
    if asked is not None:
        return _files(asked, must=True)
    told = os.environ.get("GATEHOUSE_FOOTAGE")
    if told:
        return _files(Path(told), must=True)
    return _files(BESIDE, must=False)


def _files(place: Path, *, must: bool) -> list[Path]:
    if place.is_file():
        return [place.absolute()]
    found = sorted(path.absolute() for path in place.glob("*") if path.suffix.lower() in SUFFIXES)
    if must and not found:
        raise NoFootage(f"there is no video in {place}")
    return found


def _camera(path: Path, again: int) -> CameraPlan:
    words = re.sub(r"[^A-Za-z0-9]+", " ", path.stem).strip() or "camera"
    suffix = f"_{again + 1}" if again else ""
    camera_id = re.sub(r" ", "_", words.lower())[: 50 - len(suffix)] + suffix
    name = words.capitalize() + (f" {again + 1}" if again else "")
    return CameraPlan(camera_id, name[:100], f"file:{path}")
