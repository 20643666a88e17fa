"""The life of a stage: one table of moves, and what each move decides. Pure.

Jobs, API and pages all ask this table; nobody else writes a state.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """What may be done with an event."""

    CONVERT = "convert"
    PREVIEW = "preview"
    DETECT = "detect"
    DESCRIBE = "describe"


class State(StrEnum):
    """Where an event stands in a stage."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verb(StrEnum):
    """What happens to a stage."""

    CLAIM = "claim"
    RENEW = "renew"
    FINISH = "finish"
    SKIP = "skip"
    RETRY = "retry"
    POSTPONE = "postpone"
    GIVE_UP = "give_up"
    EXPIRE = "expire"
    REQUEUE = "requeue"
    PRIORITISE = "prioritise"


TRANSITIONS: dict[tuple[State, Verb], State] = {
    (State.WAITING, Verb.CLAIM): State.CLAIMED,
    (State.WAITING, Verb.SKIP): State.SKIPPED,
    (State.WAITING, Verb.PRIORITISE): State.WAITING,
    (State.CLAIMED, Verb.RENEW): State.CLAIMED,
    (State.CLAIMED, Verb.FINISH): State.DONE,
    (State.CLAIMED, Verb.SKIP): State.SKIPPED,
    (State.CLAIMED, Verb.RETRY): State.WAITING,
    (State.CLAIMED, Verb.POSTPONE): State.WAITING,
    (State.CLAIMED, Verb.EXPIRE): State.WAITING,
    (State.CLAIMED, Verb.GIVE_UP): State.FAILED,
    (State.DONE, Verb.REQUEUE): State.WAITING,
    (State.FAILED, Verb.REQUEUE): State.WAITING,
    (State.SKIPPED, Verb.REQUEUE): State.WAITING,
}

ENDED = frozenset({State.DONE, State.FAILED, State.SKIPPED})
"""States in which nothing more will happen by itself."""

SPENDING = frozenset({Verb.RETRY, Verb.EXPIRE, Verb.GIVE_UP})
"""Moves that count against a stage: it was tried, and it came to nothing."""

MAX_ATTEMPTS = 4
"""After so many claims that came to nothing a stage fails, with its last reason."""

POSTPONED_S = 60.0
"""How long a stage waits after a trouble that was not its own: a full disk, a model away."""

FIRST_BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 600.0


class IllegalMove(Exception):
    """A move that the table does not know: somebody else was faster, or the caller is wrong."""


@dataclass(frozen=True)
class Move:
    """What a decided move does to the row, and what the history says of it."""

    verb: Verb
    to_state: State
    not_before: datetime | None
    reason: str


def step(state: State, verb: Verb) -> State:
    """Return the state after `verb`. Raises IllegalMove."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise IllegalMove(f"a stage that is {state} cannot {verb}") from None


def after_failure(
    spent: int,
    now: datetime,
    reason: str,
    *,
    permanent: bool,
    spend_attempt: bool = True,
    jitter: float | None = None,
) -> Move:
    """Decide what follows a failure: another try later, or the end.

    `spent` tries came to nothing before. A failure that is not the event's fault spends none
    (`spend_attempt` false): it is tried again for ever, but never soon. `jitter` in 0–1 spreads the
    tries; random when not given.
    """
    if permanent:
        return Move(Verb.GIVE_UP, step(State.CLAIMED, Verb.GIVE_UP), None, reason)
    if not spend_attempt:
        later = now + timedelta(seconds=_spread(POSTPONED_S, jitter))
        return Move(Verb.POSTPONE, step(State.CLAIMED, Verb.POSTPONE), later, reason)
    if spent + 1 >= MAX_ATTEMPTS:
        return Move(Verb.GIVE_UP, step(State.CLAIMED, Verb.GIVE_UP), None, reason)
    later = now + timedelta(seconds=backoff_s(spent + 1, jitter))
    return Move(Verb.RETRY, step(State.CLAIMED, Verb.RETRY), later, reason)


def after_expiry(spent: int, attempt: int, now: datetime, owner: str) -> Move:
    """Decide what follows a lease that ran out: its worker died, hung, or lost its network."""
    reason = f"the lease of {owner} ran out in attempt {attempt}"
    if spent + 1 >= MAX_ATTEMPTS:
        return Move(Verb.GIVE_UP, step(State.CLAIMED, Verb.GIVE_UP), None, reason)
    return Move(Verb.EXPIRE, step(State.CLAIMED, Verb.EXPIRE), now, reason)


def backoff_s(spent: int, jitter: float | None = None) -> float:
    """Return the seconds to wait after try 1, 2, 3 …: doubling, bounded, up to a half more."""
    return _spread(min(FIRST_BACKOFF_S * 2.0 ** (spent - 1), LONGEST_BACKOFF_S), jitter)


def _spread(pause_s: float, jitter: float | None) -> float:
    share = random.random() if jitter is None else jitter  # noqa: S311 - not a secret
    return pause_s * (1 + share / 2)
