"""Retention: which events go, and why. Pure.

Three reasons to go: older than what is kept, more bytes than what is kept, too little room. Four
to stay whatever the reason: somebody wants it, somebody works on it, it is not converted yet, it
is younger than an hour. Room is made with hysteresis: begun under 10 % free, ended at 15 %, so
that a full disk is not a full disk again a minute later.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

START_FREE = 0.10
STOP_FREE = 0.15
STOP_SIZE = 0.95
"""A camera over its bytes is brought down to this part of them."""

YOUNGEST = timedelta(hours=1)
VIDEO_EXPECTED = timedelta(days=1)
"""An old agent's event may wait so long for its video; a spool that was offline takes hours."""


@dataclass(frozen=True)
class Rule:
    """What is kept of one camera; None keeps as long, or as much, as there is room for."""

    keep_for: timedelta | None = None
    keep_bytes: int | None = None


@dataclass(frozen=True)
class Space:
    """The share's disk, in bytes. `free_bytes` counts what is already on its way out."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Candidate:
    """One event. `bytes_on_disk` in whole blocks: what removing it gives back."""

    event_id: int
    camera: int
    started_at: datetime
    created_at: datetime
    bytes_on_disk: int
    wanted: bool = False
    claimed: bool = False
    convert_state: str | None = None


@dataclass(frozen=True)
class Doomed:
    """An event that goes, and the sentence that says why."""

    event_id: int
    bytes_on_disk: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """What goes, oldest first; how many stay though a rule names them; bytes nothing can give."""

    doomed: tuple[Doomed, ...]
    staying: Mapping[str, int] = field(default_factory=dict)
    short_bytes: int = 0

    @property
    def bytes_on_disk(self) -> int:
        """What all of it gives back."""
        return sum(one.bytes_on_disk for one in self.doomed)


def must_stay(event: Candidate, now: datetime) -> str | None:
    """Return why this event stays whatever the rules say, or None."""
    if event.wanted:
        return "starred or shared"
    if event.claimed:
        return "being worked on"
    if now - max(event.started_at, event.created_at) < YOUNGEST:
        return "younger than an hour"
    if event.convert_state in ("waiting", "claimed"):
        return "not converted yet"
    if event.convert_state is None and now - event.created_at < VIDEO_EXPECTED:
        return "its video may still come"
    return None


def decide(
    oldest_first: Callable[[], Iterable[Candidate]],
    rules: Mapping[int, Rule],
    house: Rule,
    bytes_of: Mapping[int, int],
    space: Space,
    now: datetime,
) -> Plan:
    """Return what goes now. `oldest_first` may be walked twice, and is left as soon as possible.

    `rules` are those of cameras that differ from the `house`; `bytes_of` what each camera has.
    """
    deciding = _Deciding(now)
    deciding.by_rule(oldest_first, rules, house, dict(bytes_of))
    deciding.by_room(oldest_first, space)
    return Plan(tuple(deciding.doomed), deciding.staying, deciding.short_bytes)


class _Deciding:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ids: set[int] = set()
        self.doomed: list[Doomed] = []
        self.staying: dict[str, int] = {}
        self.short_bytes = 0

    def by_rule(
        self,
        oldest_first: Callable[[], Iterable[Candidate]],
        rules: Mapping[int, Rule],
        house: Rule,
        left: dict[int, int],
    ) -> None:
        """Doom what is too old, or too much for its camera."""
        ages = [rule.keep_for for rule in (house, *rules.values()) if rule.keep_for is not None]
        newest_cutoff = self._now - min(ages) if ages else None
        over = {
            camera: int(limit * STOP_SIZE)
            for camera, size in left.items()
            for limit in [rules.get(camera, house).keep_bytes]
            if limit is not None and size > limit
        }
        if newest_cutoff is None and not over:
            return
        for event in oldest_first():
            too_old_to_end = newest_cutoff is not None and event.started_at < newest_cutoff
            if not too_old_to_end and not over:
                return
            reason = self._reason(event, rules.get(event.camera, house), over, left)
            if reason is not None and self._doom(event, reason):
                left[event.camera] = left.get(event.camera, 0) - event.bytes_on_disk
                if event.camera in over and left[event.camera] <= over[event.camera]:
                    del over[event.camera]

    def by_room(self, oldest_first: Callable[[], Iterable[Candidate]], space: Space) -> None:
        """Doom the oldest of the house until there is room again."""
        coming = space.free_bytes + sum(one.bytes_on_disk for one in self.doomed)
        if coming >= START_FREE * space.total_bytes:
            return
        needed = int(STOP_FREE * space.total_bytes) - coming
        for event in oldest_first():
            if needed <= 0:
                return
            if event.event_id in self._ids:
                continue
            if self._doom(event, f"less than {START_FREE:.0%} of the disk was free"):
                needed -= event.bytes_on_disk
        self.short_bytes = max(0, needed)

    def _reason(
        self, event: Candidate, rule: Rule, over: Mapping[int, int], left: Mapping[int, int]
    ) -> str | None:
        if rule.keep_for is not None and event.started_at < self._now - rule.keep_for:
            return f"older than {rule.keep_for / timedelta(days=1):g} days"
        if event.camera in over and left[event.camera] > over[event.camera]:
            return f"more than {rule.keep_bytes or 0:,} bytes of this camera"
        return None

    def _doom(self, event: Candidate, reason: str) -> bool:
        why = must_stay(event, self._now)
        if why is not None:
            self.staying[why] = self.staying.get(why, 0) + 1
            return False
        self._ids.add(event.event_id)
        self.doomed.append(Doomed(event.event_id, event.bytes_on_disk, reason))
        return True
