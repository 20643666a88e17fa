r"""The timing file beside a raw H.264 clip: one line per access unit, in decode order. Pure.

Raw H.264 has no clock. Each line is `<pts µs> <dts µs> <bytes> <k or ->\n`, times counted from the
clip's first dts. A line counts only when its newline is there, so a file cut anywhere by a power
failure is read up to its last whole line.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture: when shown and decoded (µs), how long in the clip, keyframe or not."""

    pts_us: int
    dts_us: int
    size_bytes: int
    keyframe: bool


def line_of(unit: AccessUnit) -> bytes:
    """Return the line that stands for one access unit."""
    mark = "k" if unit.keyframe else "-"
    return f"{unit.pts_us} {unit.dts_us} {unit.size_bytes} {mark}\n".encode()


def read(data: bytes) -> list[AccessUnit]:
    """Return the access units of a timing file, up to the first line that is torn or nonsense."""
    units: list[AccessUnit] = []
    end = data.rfind(b"\n")
    for line in data[: end + 1].splitlines():
        unit = _unit_of(line)
        if unit is None or (units and unit.dts_us <= units[-1].dts_us):
            break
        units.append(unit)
    return units


def _unit_of(line: bytes) -> AccessUnit | None:
    fields = line.split(b" ")
    if len(fields) != 4 or fields[3] not in (b"k", b"-"):
        return None
    try:
        pts_us, dts_us, size_bytes = (int(field) for field in fields[:3])
    except ValueError:
        return None
    if size_bytes <= 0:
        return None
    return AccessUnit(pts_us, dts_us, size_bytes, fields[3] == b"k")


def within(units: Iterable[AccessUnit], clip_bytes: int) -> list[AccessUnit]:
    """Return the leading access units that lie whole within the first `clip_bytes` of the clip."""
    kept: list[AccessUnit] = []
    for unit in units:
        clip_bytes -= unit.size_bytes
        if clip_bytes < 0:
            break
        kept.append(unit)
    return kept


def duration_us(units: list[AccessUnit]) -> int:
    """Return how long the pictures last: first to last pts plus one typical frame. 0 when empty."""
    if not units:
        return 0
    shown = sorted(unit.pts_us for unit in units)
    span = shown[-1] - shown[0]
    return span + (span // (len(shown) - 1) if len(shown) > 1 else 0)
