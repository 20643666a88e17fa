"""What a stage's history says that its row must be: every move applied again, in order. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.stages.lifecycle import SPENDING, State, Verb, step


class Contradiction(Exception):
    """A history that cannot have happened. The text names the move."""


@dataclass(frozen=True)
class Moved:
    """One row of a history, as far as replaying needs it."""

    verb: str
    from_state: str
    to_state: str
    attempt: int
    actor: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """Where a stage stands. `owner` is None unless it is claimed."""

    state: State = State.WAITING
    attempt: int = 0
    spent: int = 0
    owner: str | None = None
    last_error: str | None = None


def replay(moves: Iterable[Moved]) -> Standing:
    """Return where the moves lead, from the beginning. Raises Contradiction and IllegalMove."""
    now = Standing()
    for number, move in enumerate(moves, start=1):
        now = _after(now, move, number)
    return now


def _after(before: Standing, move: Moved, number: int) -> Standing:
    verb = Verb(move.verb)
    state = step(before.state, verb)
    if (before.state, state) != (State(move.from_state), State(move.to_state)):
        raise Contradiction(
            f"move {number} says {verb} from {move.from_state} to {move.to_state}, "
            f"but it led from {before.state} to {state}"
        )
    attempt = before.attempt + (verb is Verb.CLAIM)
    if move.attempt != attempt:
        raise Contradiction(f"move {number} says attempt {move.attempt}, but it was {attempt}")
    if before.owner is not None and verb is not Verb.EXPIRE and move.actor != before.owner:
        raise Contradiction(f"move {number} is by {move.actor}, but {before.owner} held the claim")
    spent = 0 if verb is Verb.REQUEUE else before.spent + (verb in SPENDING)
    owner = move.actor if state is State.CLAIMED else None
    return Standing(state, attempt, spent, owner, _error(before, verb, move.reason))


def _error(before: Standing, verb: Verb, reason: str) -> str | None:
    if verb in (Verb.FINISH, Verb.REQUEUE):
        return None
    return before.last_error if verb in (Verb.CLAIM, Verb.PRIORITISE) else reason
