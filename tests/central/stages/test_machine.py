"""The life of stages as a machine of rules, played at random over the real SQL on both engines."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from central.cameras import registry
from central.context import Hub
from central.events import register
from central.stages import claims
from central.stages.claims import Claim, LostClaim
from central.stages.lifecycle import ENDED, MAX_ATTEMPTS, IllegalMove, Stage, State, Verb
from central.stages.replay import Moved, Standing, replay
from database.engine import Database, database_now
from database.models import Change, EventStage, StageHistory
from tests.fakes.events import NOON, camera, manifest

LEASE_S = 3600.0
STAGES = (Stage.CONVERT, Stage.DETECT)
WORKERS = ("anna", "bert")
EVENTS = 3

stages = st.sampled_from(STAGES)
workers = st.sampled_from(WORKERS)


def machine(database: Database, events: list[int]) -> type[RuleBasedStateMachine]:
    """Return the machine over this database; each run begins with all stages waiting."""

    class Life(RuleBasedStateMachine):
        held = Bundle("held")

        def __init__(self) -> None:
            super().__init__()
            self.model = {(event, stage): Standing() for event in events for stage in STAGES}
            self.live: dict[tuple[int, Stage], Claim] = {}

            def anew(session: Session) -> None:
                for table in (StageHistory, EventStage, Change):
                    session.execute(delete(table))
                for event in events:
                    for stage in STAGES:
                        claims.enter(session, event, stage, database_now(session))

            database.write(anew)

        @rule(target=held, stage=stages, owner=workers, after=st.sampled_from([0, 1, 99]))
        def claim(self, stage: Stage, owner: str, after: int) -> Claim | None:
            waiting = [k for k, v in self.model.items() if k[1] is stage and v.state == "waiting"]
            got = database.write(
                lambda s: claims.claim(s, stage, owner, LEASE_S, after_camera=after)
            )
            assert (got is None) is (not waiting)
            if got is None:
                return None
            key = (got.event_id, got.stage)
            before = self.model[key]
            assert key in waiting
            assert got.attempt == before.attempt + 1
            self.model[key] = Standing(
                State.CLAIMED, got.attempt, before.spent, owner, before.last_error
            )
            self.live[key] = got
            return got

        @rule(claim=held)
        def renew(self, claim: Claim | None) -> None:
            self.settle(claim, lambda s, held: claims.renew(s, held, LEASE_S), None)

        @rule(claim=held)
        def finish(self, claim: Claim | None) -> None:
            self.settle(claim, claims.finish, Verb.FINISH)

        @rule(claim=held, permanent=st.booleans(), spend=st.booleans())
        def fail(self, claim: Claim | None, permanent: bool, spend: bool) -> None:
            def failed(session: Session, held: Claim) -> None:
                claims.fail(session, held, "broken", permanent=permanent, spend_attempt=spend)

            self.settle(claim, failed, self.verdict(claim, permanent, spend))

        @rule(claim=consumes(held), late=st.sampled_from(["finish", "fail", "renew"]))
        def settle_late(self, claim: Claim | None, late: str) -> None:
            """A worker that was paused past its lease comes back, after the hub has noticed."""
            if claim is None:
                return
            self.run_out([(claim.event_id, claim.stage)])
            self.expire()
            {
                "finish": lambda: self.finish(claim),
                "fail": lambda: self.fail(claim, False, True),
                "renew": lambda: self.renew(claim),
            }[late]()

        @precondition(lambda self: self.live)
        @rule(which=st.sets(st.integers(0, EVENTS * len(STAGES) - 1), min_size=1))
        def leases_run_out(self, which: set[int]) -> None:
            keys = list(self.model)
            self.run_out([keys[number] for number in which])
            self.expire()

        @rule(event=st.sampled_from(events), stage=stages)
        def requeue(self, event: int, stage: Stage) -> None:
            before = self.model[event, stage]

            def run(session: Session) -> None:
                claims.requeue(session, event, stage, "person", "again")

            if before.state not in ENDED:
                with pytest.raises(IllegalMove):
                    database.write(run)
                return
            database.write(run)
            self.model[event, stage] = Standing(State.WAITING, before.attempt)

        @rule(event=st.sampled_from(events), stage=stages, priority=st.integers(0, 200))
        def prioritise(self, event: int, stage: Stage, priority: int) -> None:
            def run(session: Session) -> None:
                claims.prioritise(session, event, stage, priority, "person")

            if self.model[event, stage].state is State.WAITING:
                database.write(run)
            else:
                with pytest.raises(IllegalMove):
                    database.write(run)

        @rule()
        def pauses_end(self) -> None:
            """Time passes: what waits for its next try is due."""
            database.write(lambda s: s.execute(update(EventStage).values(not_before=NOON)))

        @invariant()
        def rows_are_what_the_model_says(self) -> None:
            with database.reading() as session:
                rows = session.scalars(select(EventStage)).all()
                history = session.scalars(select(StageHistory).order_by(StageHistory.id)).all()
            found = {
                (row.event, Stage(row.stage)): Standing(
                    State(row.state), row.attempt, row.spent, row.lease_owner, row.last_error
                )
                for row in rows
            }
            assert found == self.model
            for key, standing in found.items():
                mine = [
                    Moved(m.verb, m.from_state, m.to_state, m.attempt, m.actor, m.reason)
                    for m in history
                    if (m.event, m.stage) == key
                ]
                assert replay(mine) == standing

        @invariant()
        def nobody_holds_a_thing_twice(self) -> None:
            with database.reading() as session:
                rows = session.scalars(select(EventStage)).all()
            for row in rows:
                assert (row.lease_owner is None) is (row.state != State.CLAIMED)
                assert (row.lease_until is None) is (row.state != State.CLAIMED)
                assert row.spent <= MAX_ATTEMPTS

        def settle(
            self, claim: Claim | None, run: Callable[[Session, Claim], object], verb: Verb | None
        ) -> None:
            if claim is None:
                return
            key = (claim.event_id, claim.stage)
            if self.live.get(key) != claim:
                with pytest.raises(LostClaim):
                    database.write(lambda s: run(s, claim))
                return
            database.write(lambda s: run(s, claim))
            if verb is not None:
                self.after(key, verb, "broken")

        def verdict(self, claim: Claim | None, permanent: bool, spend: bool) -> Verb:
            if permanent:
                return Verb.GIVE_UP
            if not spend:
                return Verb.POSTPONE
            spent = self.model[claim.event_id, claim.stage].spent if claim else 0
            return Verb.GIVE_UP if spent + 1 >= MAX_ATTEMPTS else Verb.RETRY

        def run_out(self, keys: list[tuple[int, Stage]]) -> None:
            def past(session: Session) -> None:
                before = database_now(session) - timedelta(seconds=1)
                for event, stage in keys:
                    session.execute(
                        update(EventStage)
                        .where(
                            EventStage.event == event,
                            EventStage.stage == stage,
                            EventStage.state == State.CLAIMED,
                        )
                        .values(lease_until=before)
                    )

            database.write(past)

        def expire(self) -> None:
            for taken in database.write(claims.expire):
                key = (taken.event_id, taken.stage)
                spent = self.model[key].spent + 1
                verb = Verb.GIVE_UP if spent >= MAX_ATTEMPTS else Verb.EXPIRE
                self.after(
                    key, verb, f"the lease of {taken.owner} ran out in attempt {taken.attempt}"
                )

        def after(self, key: tuple[int, Stage], verb: Verb, reason: str) -> None:
            before = self.model[key]
            states = {Verb.FINISH: State.DONE, Verb.GIVE_UP: State.FAILED}
            spends = verb in (Verb.RETRY, Verb.EXPIRE, Verb.GIVE_UP)
            self.model[key] = Standing(
                states.get(verb, State.WAITING),
                before.attempt,
                before.spent + spends,
                None,
                None if verb is Verb.FINISH else reason,
            )
            del self.live[key]

    return Life


def test_it_keeps_its_promises_whatever_happens_in_whatever_order(hub: Hub) -> None:
    events = []
    for number in range(EVENTS):
        name = f"camera_{number % 2}"
        registry.register(hub.database, camera(name), NOON)
        said = manifest(name, NOON + timedelta(seconds=number), uuid4())
        events.append(register.register(hub.database, said, NOON).event_id)
    run_state_machine_as_test(
        machine(hub.database, events),
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
