"""The ring: whole groups of pictures, bounded by time and by bytes."""

from hypothesis import given
from hypothesis import strategies as st

from agent.ring import Ring
from agent.sources.base import Packet


def packet(number: int, keyframe: bool, size: int = 10) -> Packet:
    return Packet(b"x" * size, number * 100_000, number * 100_000, keyframe)


def test_it_holds_nothing_before_the_first_keyframe() -> None:
    ring = Ring(5, 10**6)
    ring.add(packet(0, False))
    assert ring.since(0) == []


def test_it_starts_at_the_last_keyframe_before_the_moment_asked_for() -> None:
    ring = Ring(5, 10**6)
    for number in range(40):
        ring.add(packet(number, number % 10 == 0))
    assert ring.since(2_500_000)[0].pts_us == 2_000_000
    assert ring.since(-1)[0].pts_us == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5000)), max_size=300))
def test_it_is_bounded_and_always_begins_with_a_keyframe(parts: list[tuple[bool, int]]) -> None:
    ring = Ring(2, 20_000)
    for number, (keyframe, size) in enumerate(parts):
        ring.add(packet(number, keyframe, size))
        held = list(ring)
        if held:
            assert held[0].keyframe
            assert held[-1].pts_us == number * 100_000
            groups = sum(one.keyframe for one in held)
            assert groups == 1 or sum(len(one.data) for one in held) <= 20_000
