"""Real footage, decoded faster than it happened: every passage found, at its time, and no other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from agent.motion.detector import MotionDetector
from agent.sources import codec
from agent.sources.base import Luma, LumaFrame
from tests.fakes.footage import CAR, EMPTY_S, PASSAGES_S, PEOPLE, VISITS_S, footage

QUIET_S = 1.5
"""The recorder takes motion for over after so long; shorter gaps belong to one event."""


@dataclass
class Period:
    """A stretch of motion as the recorder would see it, in seconds of one loop."""

    loop: int
    since_s: float
    decided_s: float
    end_s: float


def frames(name: str) -> Iterator[tuple[float, Luma]]:
    path = footage(name)
    if path is None:
        pytest.fail(f"{name} is missing: set GATEHOUSE_FOOTAGE to the folder that holds it")
    for step in codec.play(str(path), copy=False):
        for picture in step.pictures:
            yield picture.at_us / 1e6, picture.luma()


def periods(
    name: str, change: Callable[[Luma], Luma] = np.asarray, slower: float = 1.0, loops: int = 3
) -> list[Period]:
    """Return the motion of some loops; times are within the loop, in seconds of the original."""
    clip = list(frames(name))
    length_s = clip[-1][0] + clip[1][0] - clip[0][0]
    detector = MotionDetector()
    found: list[Period] = []
    last_moving_s = float("-inf")
    for loop in range(loops):
        for at_s, luma in clip:
            now_s = at_s + loop * length_s
            frame = LumaFrame(change(luma), round(now_s * slower * 1e6) + 1_000_000)
            verdict = detector.observe(frame)
            if not verdict.moving or verdict.since_us is None:
                continue
            since_s = (verdict.since_us - 1_000_000) / 1e6 / slower
            if (now_s - last_moving_s) * slower > QUIET_S:
                own = int(since_s // length_s)
                found.append(Period(own, since_s % length_s, now_s % length_s, 0))
            last_moving_s = now_s
            found[-1].end_s = now_s - loop * length_s
    return found


def mirrored(luma: Luma) -> Luma:
    return np.ascontiguousarray(luma[:, ::-1])


def brightened(luma: Luma) -> Luma:
    brighter: Luma = np.clip(luma.astype(np.float32) * 1.2, 0, 255).astype(np.uint8)
    return brighter


@pytest.mark.parametrize(
    ("change", "slower"),
    [(np.asarray, 1.0), (mirrored, 1.0), (brightened, 1.0), (np.asarray, 2.0)],
    ids=["as it is", "mirrored", "brightened", "half speed"],
)
def test_it_finds_the_three_passages_of_cars_on_every_loop(
    change: Callable[[Luma], Luma], slower: float
) -> None:
    found = periods(CAR, change, slower)
    assert [period.loop for period in found] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for period, (start_s, end_s) in zip(found, PASSAGES_S * 3, strict=True):
        assert abs(period.since_s - start_s) * slower <= 1
        assert start_s < period.end_s
        assert period.end_s > end_s - 0.5


def test_it_sees_every_visitor_and_nothing_while_the_room_is_empty() -> None:
    found = periods(PEOPLE, loops=2)
    for loop in range(2):
        mine = [period for period in found if period.loop == loop]
        for start_s, end_s in VISITS_S:
            assert any(p.since_s < end_s and p.end_s > start_s for p in mine)
    for period in found:
        for start_s, end_s in EMPTY_S:
            assert not start_s < period.since_s < end_s
            assert not start_s < period.decided_s < end_s
