"""Claims take turns: neither a busy camera, nor a bad event, nor a backlog holds others up."""

from datetime import timedelta
from functools import partial

from sqlalchemy import update

from central.cameras import registry
from central.context import Hub
from central.events import register
from central.stages import claims, queue, workers
from central.stages.claims import Claim
from central.stages.lifecycle import Stage, State
from central.stages.queue import Wanted
from database.engine import database_now
from database.models import EventStage, StageHistory
from tests.fakes.events import NOON, camera, manifest


def fill(hub: Hub, camera_id: str, count: int, start: int = 0) -> list[int]:
    """Register events without files and let them wait for detection."""
    registry.register(hub.database, camera(camera_id), NOON)
    made = []
    for number in range(count):
        at = NOON + timedelta(seconds=start + number)
        event_id = register.register(hub.database, manifest(camera_id, at), NOON).event_id
        hub.database.write(partial(claims.enter, event_id=event_id, stage=Stage.DETECT, now=NOON))
        made.append(event_id)
    return made


def take(hub: Hub, turn: int) -> Claim:
    held = hub.database.write(lambda s: claims.claim(s, Stage.DETECT, "w", 60, after_camera=turn))
    assert held is not None
    return held


def test_it_serves_cameras_in_turn_as_the_listing_foretells(hub: Hub) -> None:
    busy = fill(hub, "busy", 6)
    quiet = fill(hub, "quiet", 2, start=100)
    served, turn = [], 0
    for _ in range(8):
        held = take(hub, turn)
        served.append(held.event_id)
        turn = held.camera
    assert served == [busy[0], quiet[0], busy[1], quiet[1], *busy[2:]]


def test_it_serves_the_urgent_of_any_camera_first(hub: Hub) -> None:
    first = fill(hub, "first", 2)
    second = fill(hub, "second", 2)
    hub.database.write(
        lambda s: claims.prioritise(s, first[1], Stage.DETECT, 10, "anna", "somebody is waiting")
    )
    held = take(hub, turn=0)
    assert held.event_id == first[1]
    # `second`'s turn, though nothing of its is urgent; then round again.
    assert [take(hub, held.camera).event_id, take(hub, 99).event_id] == [second[0], first[0]]


def test_it_foretells_when_what_waits_will_be_done(hub: Hub) -> None:
    events = fill(hub, "front", 5)
    held = take(hub, 0)
    ago = timedelta(seconds=10)
    hub.database.write(lambda s: s.execute(update(StageHistory).values(at=database_now(s) - ago)))
    hub.database.write(lambda s: claims.finish(s, held))
    with hub.database.reading() as session:
        now = database_now(session)
        alone = queue.page(session, Wanted(state=State.WAITING), 10, None, now)
    assert {row.eta_s for row in alone.rows} == {None}  # nobody is at work
    workers.heard_of(hub.database, "w", [Stage.DETECT], now, is_remote=False)
    with hub.database.reading() as session:
        page = queue.page(session, Wanted(stage=Stage.DETECT), 10, None, now)
        (backlog,) = (b for b in queue.backlogs(session, now) if b.stage is Stage.DETECT)
    told = {row.event_id: row.eta_s for row in page.rows}
    assert told[events[0]] is None  # it is done
    ahead = [told[event] for event in events[1:]]
    assert all(eta is not None for eta in ahead)
    assert [round((eta or 0) / 10) for eta in ahead] == [1, 2, 3, 4]
    assert (backlog.waiting, backlog.workers) == (4, 1)
    assert round(backlog.eta_s or 0) == round(ahead[-1] or 0)


def test_it_lists_page_by_page_without_gap_or_repeat(hub: Hub) -> None:
    fill(hub, "front", 5)
    for state in (None, State.WAITING):
        seen, place = [], None
        while True:
            with hub.database.reading() as session:
                page = queue.page(session, Wanted(state=state), 2, place, NOON)
            seen += [(row.event_id, row.stage) for row in page.rows]
            if page.next is None:
                break
            place = page.next
        with hub.database.reading() as session:
            query = session.query(EventStage)
            rows = query.filter_by(state=state).all() if state else query.all()
        assert sorted(seen) == sorted((row.event, Stage(row.stage)) for row in rows)
