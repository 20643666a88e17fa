"""What a detector made of a scene, held against the truth: found or missed, and false alarms."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agent.sources.base import Luma

WARM_UP_S = 3.0
"""No detector is asked before it has had so long to learn the scene."""

JOIN_S = 1.5
"""Shorter pauses belong to one alarm, as the recorder has it."""

AGAIN_S = 10.0
"""An alarm that lasts counts again after so long: who never stops alarming has not made one."""

EARLY_S, LATE_S = 0.5, 2.5
"""An alarm that reaches to within so much of true motion is not false."""

Judge = Callable[[Luma, float], bool]
"""Fed every picture with its time in s; tells whether something that counts moves."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scene's result. `latency_s` is from the true beginning to the decision, when found."""

    kind: str
    place: str
    seed: int
    is_quiet: bool
    found: bool
    latency_s: float | None
    false_alarms: int
    quiet_s: float


@dataclass
class Total:
    """Results summed up."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How many scenes with motion were found."""
        return sum(one.found for one in self.outcomes if not one.is_quiet)

    @property
    def moving(self) -> int:
        """How many scenes with motion there were."""
        return sum(not one.is_quiet for one in self.outcomes)

    @property
    def false_alarms_per_min(self) -> float:
        """False alarms in the quiet scenes, per minute watched."""
        quiet = [one for one in self.outcomes if one.is_quiet]
        minutes = sum(one.quiet_s for one in quiet) / 60
        return sum(one.false_alarms for one in quiet) / minutes if minutes else 0.0

    @property
    def latencies_s(self) -> list[float]:
        """Return the times from the beginning to the decision, rising."""
        return sorted(one.latency_s for one in self.outcomes if one.latency_s is not None)

    def of(self, kind: str) -> "Total":
        """Return the part of one kind of scene."""
        return Total([one for one in self.outcomes if one.kind == kind])


def alarms(flags: Iterable[tuple[float, bool]]) -> list[Span]:
    """Return the alarms that a detector's answers make, from decision to last motion."""
    found: list[Span] = []
    for at, moving in flags:
        if not moving or at < WARM_UP_S:
            continue
        if found and at - found[-1][1] <= JOIN_S and at - found[-1][0] < AGAIN_S:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def judged(
    kind: str, place: str, seed: int, spans: list[Span], flags: list[tuple[float, bool]]
) -> Outcome:
    """Hold a detector's answers against the times at which something moved."""
    raised = alarms(flags)
    hits = [
        (at, span)
        for at, moving in flags
        for span in spans
        if moving and span[0] <= at <= span[1] + 1.0
    ]
    false = [
        one
        for one in raised
        if not any(one[0] < late + LATE_S and early - EARLY_S < one[1] for early, late in spans)
    ]
    length = flags[-1][0] - WARM_UP_S
    return Outcome(
        kind=kind,
        place=place,
        seed=seed,
        is_quiet=not spans,
        found=bool(hits),
        latency_s=hits[0][0] - hits[0][1][0] if hits else None,
        false_alarms=len(false),
        quiet_s=length - sum(late - early for early, late in spans),
    )
