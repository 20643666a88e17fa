"""The table of moves, and what failure and expiry decide."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from central.stages.lifecycle import (
    ENDED,
    MAX_ATTEMPTS,
    POSTPONED_S,
    TRANSITIONS,
    IllegalMove,
    State,
    Verb,
    after_expiry,
    after_failure,
    backoff_s,
    step,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_it_knows_exactly_the_moves_of_the_table() -> None:
    for state, verb in product(State, Verb):
        if (state, verb) in TRANSITIONS:
            assert step(state, verb) is TRANSITIONS[state, verb]
        else:
            with pytest.raises(IllegalMove):
                step(state, verb)


def test_it_leaves_an_ended_stage_only_by_requeue() -> None:
    leaving = {verb for state, verb in TRANSITIONS if state in ENDED}
    assert leaving == {Verb.REQUEUE}


def test_it_tries_again_later_and_later_and_then_gives_up() -> None:
    waits = []
    for spent in range(MAX_ATTEMPTS - 1):
        move = after_failure(spent, NOW, "broken", permanent=False, jitter=0)
        assert move.to_state is State.WAITING
        assert move.not_before is not None
        waits.append(move.not_before - NOW)
    assert waits == sorted(set(waits))
    last = after_failure(MAX_ATTEMPTS - 1, NOW, "broken", permanent=False)
    assert (last.to_state, last.verb, last.reason) == (State.FAILED, Verb.GIVE_UP, "broken")


def test_it_gives_up_at_once_when_trying_again_cannot_help() -> None:
    assert after_failure(0, NOW, "gone", permanent=True).to_state is State.FAILED


def test_it_gives_up_on_an_event_that_kills_every_worker() -> None:
    assert after_expiry(0, 1, NOW, "w").to_state is State.WAITING
    assert after_expiry(MAX_ATTEMPTS - 1, 9, NOW, "w").to_state is State.FAILED


def test_it_never_gives_up_over_a_trouble_that_is_not_the_events_own() -> None:
    move = after_failure(
        MAX_ATTEMPTS - 1, NOW, "disk full", permanent=False, spend_attempt=False, jitter=0
    )
    assert (move.verb, move.to_state) == (Verb.POSTPONE, State.WAITING)
    assert move.not_before == NOW + timedelta(seconds=POSTPONED_S)


def test_it_bounds_the_pause_between_tries() -> None:
    assert backoff_s(50, jitter=1) <= timedelta(minutes=15).total_seconds()
