"""The pulse of a process: written durably, whoever else writes it."""

from datetime import timedelta

from central.context import Hub
from central.health import pulse
from tests.fakes.old_agent import at_once


def test_it_beats_and_is_heard(hub: Hub) -> None:
    now = hub.clock()
    pulse.beat(hub.database, "jobs", now)
    pulse.beat(hub.database, "jobs", now + timedelta(seconds=30))
    with hub.database.reading() as session:
        assert pulse.last(session, "jobs") == now + timedelta(seconds=30)
        assert pulse.last(session, "hub") is None


def test_it_may_begin_in_several_places_at_once(hub: Hub) -> None:
    at_once(8, lambda number: pulse.beat(hub.database, "hub", hub.clock()))
    with hub.database.reading() as session:
        assert pulse.last(session, "hub") == hub.clock()
