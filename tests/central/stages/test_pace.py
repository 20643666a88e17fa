"""The order in which what waits is served, and when one's turn comes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from central.stages.pace import Waiting, eta_s, serving_order

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def waits(event_id: int, camera: int, priority: int = 100, second: int | None = None) -> Waiting:
    at = NOON + timedelta(seconds=event_id if second is None else second)
    return Waiting(event_id, camera, priority, at)


def test_it_lets_a_single_event_of_a_quiet_camera_in_before_the_busy_ones_backlog() -> None:
    busy = [waits(number, camera=1) for number in range(1, 501)]
    order = [one.event_id for one in serving_order([*busy, waits(501, camera=2)])]
    assert order[:3] == [1, 501, 2]
    assert order[2:] == list(range(2, 501))


def test_it_serves_the_urgent_first_whoevers_turn_it_is() -> None:
    order = serving_order([waits(1, 1), waits(2, 1), waits(3, 2, priority=10)])
    assert [one.event_id for one in order] == [3, 1, 2]


@given(
    st.lists(
        st.builds(waits, st.integers(1, 50), st.integers(1, 4), st.sampled_from([10, 100])),
        unique_by=lambda one: one.event_id,
    )
)
def test_it_forgets_nobody_and_serves_nobody_twice(waiting: list[Waiting]) -> None:
    assert sorted(one.event_id for one in serving_order(waiting)) == sorted(
        one.event_id for one in waiting
    )


def test_it_foretells_from_the_median_and_the_number_of_workers() -> None:
    took_s = [2.0, 2.0, 2.0, 600.0]
    assert eta_s(0, took_s, workers=1) == 2.0
    assert eta_s(9, took_s, workers=1) == 20.0
    assert eta_s(9, took_s, workers=4) == 6.0


def test_it_foretells_nothing_when_nobody_works_or_nothing_was_measured() -> None:
    assert eta_s(3, [2.0], workers=0) is None
    assert eta_s(3, [], workers=2) is None
