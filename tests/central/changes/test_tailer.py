"""The window over the change feed: nothing missed, gaps forgiven, positions safe to resume from."""

from hypothesis import given
from hypothesis import strategies as st

from central.changes.feed import Hint
from central.changes.tailer import GAP_PATIENCE_S, Window


def hints(*ids: int) -> list[Hint]:
    return [Hint(key, "event", "new", key, None) for key in ids]


def test_it_holds_the_position_below_a_gap_until_the_gap_fills() -> None:
    window = Window(0)
    assert [h.id for h in window.take(hints(1, 3), 0.0)] == [1, 3]
    assert window.position == 1
    assert [h.id for h in window.take(hints(2, 3), 1.0)] == [2]
    assert window.position == 3


def test_it_gives_a_gap_up_after_a_while() -> None:
    window = Window(0)
    window.take(hints(1, 3), 0.0)
    window.take(hints(3), GAP_PATIENCE_S + 0.1)
    assert window.position == 3


@given(st.permutations(list(range(1, 12))), st.integers(1, 4))
def test_it_tells_every_hint_once_however_late_it_becomes_visible(
    order: list[int], at_once: int
) -> None:
    window = Window(0)
    told: list[int] = []
    visible: list[int] = []
    for start in range(0, len(order), at_once):
        visible += order[start : start + at_once]
        found = hints(*sorted(key for key in visible if key > window.position))
        told += [hint.id for hint in window.take(found, start / 100)]
        assert all(key in told for key in range(1, window.position + 1))
    assert sorted(told) == sorted(order)
    assert window.position == 11
