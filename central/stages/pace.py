"""When a waiting stage will be done: from how long the last ones took, and who is ahead. Pure."""

import statistics
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Waiting:
    """A stage that waits: of which event and camera, how urgent, and since when it may be done."""

    event_id: int
    camera: int
    priority: int
    not_before: datetime


def serving_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Return what waits in the order in which it will be claimed.

    Sooner priority first; within it cameras take turns, each with what has been due longest.
    """
    lines: dict[int, dict[int, list[Waiting]]] = defaultdict(lambda: defaultdict(list))
    for one in waiting:
        lines[one.priority][one.camera].append(one)
    served: list[Waiting] = []
    for _, cameras in sorted(lines.items()):
        turns = deque(
            deque(sorted(line, key=lambda one: (one.not_before, one.event_id)))
            for _, line in sorted(cameras.items())
        )
        while turns:
            line = turns.popleft()
            served.append(line.popleft())
            if line:
                turns.append(line)
    return served


def eta_s(ahead: int, took_s: Sequence[float], workers: int) -> float | None:
    """Return in how many seconds a stage will be done that has `ahead` others before it.

    `took_s` are the lengths of the last ones that were done: their median counts, so that one that
    hung does not frighten anybody. None when nobody is at work or nothing was ever measured.
    """
    if workers < 1 or not took_s:
        return None
    rounds = ahead // workers + 1
    return rounds * statistics.median(took_s)
