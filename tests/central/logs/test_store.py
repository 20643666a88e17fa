"""Queries of lines read a bounded number of rows, and still lead to every line."""

from datetime import timedelta

from central.context import Hub
from central.logs import store
from central.logs.lines import Line
from central.logs.store import COUNTED, LOOKED_THROUGH, Wanted


def test_it_looks_through_a_bounded_number_of_lines_and_leads_on_to_the_rest(hub: Hub) -> None:
    now = hub.clock()
    rare = Line("front", now - timedelta(hours=1), "ERROR", "the needle")
    hay = Line("front", now, "INFO", "hay")
    store.add(hub.database, [rare, *[hay] * LOOKED_THROUGH, hay], now)
    wanted = Wanted(source="front", level="ERROR", text="needle")
    with hub.database.reading() as session:
        first = store.newest(session, wanted, limit=10)
        assert (list(first.lines), store.count(session, wanted)) == ([], 0)
        assert first.next is not None
        second = store.newest(session, wanted, limit=10, before=first.next)
        assert [line.message for line in second.lines] == ["the needle"]
        assert second.next is None
        assert store.count(session, Wanted()) == COUNTED
