"""A whole house: what an agent logged while there was no hub arrives, beside the hub's lines."""

from typing import Any

import requests

from tests.fakes.house import House, house, wait_for


def lines(home: House, http: requests.Session, **wanted: str) -> list[dict[str, Any]]:
    """Return lines, oldest first."""
    told = {"limit": "500", **wanted}
    answer = http.get(f"{home.url}/api/v1/logs", params=told, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["logs"]
    return found[::-1]


def test_it_brings_the_lines_of_an_outage_in_order_and_ties_an_events_lines_together() -> None:
    with house() as home:
        home.camera("front", "synthetic:1")
        home.start_agent("front")
        wait_for(lambda: "motion: " in home.log("front"), 60, lambda: home.log("front"))
        home.start_hub()
        home.start_jobs()
        http = home.session()
        (done,) = wait_for(
            lambda: [one for one in lines(home, http, source="jobs") if one["event_uid"]][:1],
            60,
            lambda: f"no event was converted\n{home.log('front')}\n{home.log('jobs')}",
        )
        home.stop("front")
        way = lines(home, http, event_uid=done["event_uid"])
        assert {one["source"] for one in way} == {"front", "hub", "jobs"}
        assert [one["at"] for one in way] == sorted(one["at"] for one in way)
        heard = [one["message"] for one in lines(home, http, source="front")]
        printed = [
            text.partition(" ")[2]
            for text in (home.home / "front.log").read_text().splitlines()
            if "log lines" not in text
        ]
        assert heard == printed
        watching = next(n for n, text in enumerate(heard) if text.startswith("watching"))
        moved = next(n for n, text in enumerate(heard) if text.startswith("motion: "))
        assert watching < moved < len(heard) - 1
        assert heard[-1] == "the agent has ended"
