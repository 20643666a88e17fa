"""Claims on both engines: one worker each, fenced, fair, and every move remembered."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from central.cameras import registry
from central.context import Hub
from central.events import query, register
from central.stages import claims
from central.stages.claims import Claim
from central.stages.lifecycle import MAX_ATTEMPTS, IllegalMove, Stage, State
from database.engine import Database, database_now
from database.models import EventStage, StageHistory
from tests.fakes.events import NOON, camera, lay_on_share

LEASE_S = 60.0


def make_events(hub: Hub, count: int) -> list[int]:
    registry.register(hub.database, camera(), hub.clock())
    made = []
    for number in range(count):
        manifest = lay_on_share(hub.settings.share_root, NOON + timedelta(seconds=number))
        made.append(register.register(hub.database, manifest, NOON).event_id)
    return made


def claim(database: Database, owner: str = "w", lease_s: float = LEASE_S) -> Claim | None:
    return database.write(lambda s: claims.claim(s, Stage.CONVERT, owner, lease_s))


def state_of(database: Database, event_id: int) -> tuple[str, int, str | None]:
    with database.reading() as session:
        row = session.scalars(select(EventStage).where(EventStage.event == event_id)).one()
        return row.state, row.attempt, row.last_error


def test_it_gives_the_oldest_first_and_then_nothing(hub: Hub) -> None:
    events = make_events(hub, 2)
    first, second, third = (claim(hub.database) for _ in range(3))
    assert first is not None
    assert second is not None
    assert [first.event_id, second.event_id] == events
    assert third is None


def test_it_gives_two_open_transactions_different_stages(hub: Hub) -> None:
    """On MariaDB the second worker must not wait (SKIP LOCKED); on SQLite writers queue."""
    make_events(hub, 3)
    inside, leave, served = threading.Event(), threading.Event(), threading.Event()
    held: dict[str, Claim | None] = {}

    def slow() -> None:
        def body(session: Session) -> Claim | None:
            got = claims.claim(session, Stage.CONVERT, "slow", LEASE_S)
            inside.set()
            leave.wait(10)
            return got

        held["slow"] = hub.database.write(body)

    def quick() -> None:
        held["quick"] = claim(hub.database, "quick")
        served.set()

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    assert served.wait(1) is not hub.database.is_sqlite
    leave.set()
    for thread in threads:
        thread.join(20)
    first, second = held["slow"], held["quick"]
    assert first is not None
    assert second is not None
    assert first.event_id != second.event_id


def test_it_gives_each_stage_to_one_of_many_threads(hub: Hub) -> None:
    events = make_events(hub, 60)
    got: list[int] = []

    def work(owner: str) -> None:
        while (held := claim(hub.database, owner)) is not None:
            got.append(held.event_id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == events


def test_it_settles_only_for_who_holds_the_claim_in_this_attempt(hub: Hub) -> None:
    make_events(hub, 1)
    held = claim(hub.database, lease_s=-1)
    assert held is not None
    assert [taken.event_id for taken in hub.database.write(claims.expire)] == [held.event_id]
    again = claim(hub.database, "other")
    assert again is not None
    assert again.attempt == held.attempt + 1
    with pytest.raises(IllegalMove):
        hub.database.write(lambda s: claims.finish(s, held))
    with pytest.raises(IllegalMove):
        hub.database.write(lambda s: claims.renew(s, held, LEASE_S))
    hub.database.write(lambda s: claims.finish(s, again))
    assert state_of(hub.database, held.event_id)[0] == State.DONE


def test_it_does_not_expire_a_lease_that_was_renewed(hub: Hub) -> None:
    make_events(hub, 1)
    held = claim(hub.database, lease_s=-1)
    assert held is not None
    hub.database.write(lambda s: claims.renew(s, held, LEASE_S))
    assert hub.database.write(claims.expire) == []


def test_it_lets_one_bad_event_starve_nobody(hub: Hub) -> None:
    bad, good = make_events(hub, 2)
    held = claim(hub.database)
    assert held is not None
    assert held.event_id == bad
    hub.database.write(lambda s: claims.fail(s, held, "broken", permanent=False))
    following = claim(hub.database)
    assert following is not None
    assert following.event_id == good
    assert claim(hub.database) is None  # the bad one waits for its next try


def test_it_fails_for_good_after_all_tries_and_keeps_the_reason(hub: Hub) -> None:
    (event,) = make_events(hub, 1)
    for _ in range(MAX_ATTEMPTS):
        held = claim(hub.database)
        assert held is not None
        hub.database.write(partial(claims.fail, held=held, reason="broken", permanent=False))
        hub.database.write(
            lambda s: s.execute(update(EventStage).values(not_before=database_now(s)))
        )
    assert claim(hub.database) is None
    assert state_of(hub.database, event) == (State.FAILED, MAX_ATTEMPTS, "broken")
    hub.database.write(lambda s: claims.requeue(s, event, Stage.CONVERT, "admin", "disk mended"))
    assert state_of(hub.database, event) == (State.WAITING, MAX_ATTEMPTS, None)
    held = claim(hub.database)
    assert held is not None
    assert held.attempt == MAX_ATTEMPTS + 1
    move = hub.database.write(partial(claims.fail, held=held, reason="broken", permanent=False))
    assert move.to_state is State.WAITING  # its tries are counted anew


def test_it_prefers_the_lower_priority_number(hub: Hub) -> None:
    events = make_events(hub, 3)
    hub.database.write(
        lambda s: s.execute(
            update(EventStage).where(EventStage.event == events[2]).values(priority=1)
        )
    )
    held = claim(hub.database)
    assert held is not None
    assert held.event_id == events[2]


def test_it_remembers_every_move_with_who_and_why(hub: Hub) -> None:
    (event,) = make_events(hub, 1)
    held = claim(hub.database, "jobs@pi")
    assert held is not None
    hub.database.write(lambda s: claims.fail(s, held, "disk full", permanent=True))
    hub.database.write(lambda s: claims.requeue(s, event, Stage.CONVERT, "anna", "disk mended"))
    with hub.database.reading() as session:
        moves = query.history(session, event)
    assert [(m.verb, m.actor, m.reason) for m in moves] == [
        ("claim", "jobs@pi", ""),
        ("give_up", "jobs@pi", "disk full"),
        ("requeue", "anna", "disk mended"),
    ]


def test_it_remembers_nothing_of_a_move_that_did_not_happen(hub: Hub) -> None:
    make_events(hub, 1)
    held = claim(hub.database)
    assert held is not None
    hub.database.write(lambda s: claims.finish(s, held))
    with pytest.raises(IllegalMove):
        hub.database.write(lambda s: claims.finish(s, held))
    with hub.database.reading() as session:
        assert session.scalar(select(func.count(StageHistory.id))) == 2
