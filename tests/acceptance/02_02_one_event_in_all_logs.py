#!/usr/bin/env python3
"""One event, one uid: its way is read from the central logs of agent, hub and jobs. And a poisoned
batch loses none of its good neighbours.
"""

import json
from typing import Any

import requests

from tests.acceptance.common import check, run
from tests.fakes.house import House, house, wait_for
from tests.fakes.mariadb import private_mariadb

WAY = (
    ("front", "motion: "),
    ("front", "clip closed"),
    ("hub", "registered as"),
    ("front", "registered as"),
    ("jobs", "convert of event"),
)
BAD = (
    "null",
    "5",
    '{"source": "front", "timestamp": NaN, "level": "INFO", "message": "x"}',
    '{"source": "front", "timestamp": 1, "level": "INFO", "message": {"a": [[]]}}',
    '{"source": "front", "timestamp": 1, "level": "LOUD", "message": "x"}',
    '{"source": "back", "timestamp": 1, "level": "INFO", "message": "of another camera"}',
)
MENDED = (
    '{"source": "front", "timestamp": "1970-01-01T00:00:09", "level": "INFO", "message": "boot"}',
    '{"source": "front", "timestamp": 1, "level": "debug", "message": ""}',
    '{"source": "front", "timestamp": 1, "level": "INFO", "message": "\\ud800\\u0000\\u001b[2J"}',
    json.dumps({"source": "front", "timestamp": 1, "level": "INFO", "message": "x" * 100_000}),
)
GOOD = 3000


def lines(home: House, http: requests.Session, **wanted: Any) -> list[dict[str, Any]]:
    """Return the lines that are wanted, oldest first, over all pages."""
    found: list[dict[str, Any]] = []
    before: str | None = None
    while True:
        told = {"limit": 500, **wanted} | ({"before": before} if before else {})
        answer = http.get(f"{home.url}/api/v1/logs", params=told, timeout=30)
        check(answer.status_code == 200, f"the query answered {answer.status_code} {answer.text}")
        found += answer.json()["logs"]
        before = answer.json()["next"]
        if before is None:
            return found[::-1]


def way_of_an_event(home: House, http: requests.Session) -> None:
    """Let a camera see something and follow the event through the logs."""
    home.camera("front", "synthetic:1")
    home.start_agent("front")

    def converted() -> list[str]:
        done = [e for e in home.events(http) if e["stages"]["convert"]["state"] == "done"]
        return [event["uid"] for event in done]

    (uid, *_others) = wait_for(converted, 120, lambda: "no event\n" + home.log("front"))

    def whole() -> list[dict[str, Any]]:
        found = lines(home, http, event_uid=uid)
        return found if is_whole(found) else []

    found = wait_for(
        whole, 15, lambda: f"the way is not whole: {shown(lines(home, http, event_uid=uid))}"
    )
    print(f"event {uid}:")
    print(shown(found))
    (registered,) = [one for one in found if one["source"] == "hub"]
    check(registered["request_id"], "the hub's line does not name the request")
    same = lines(home, http, request_id=registered["request_id"])
    check(registered in same, "the request's lines do not hold the line of the registration")
    print(f"request {registered['request_id']}: {len(same)} line of the hub")


def is_whole(found: list[dict[str, Any]]) -> bool:
    """Tell whether the lines hold every step of the way, in its order."""
    left = iter(found)
    return all(
        any(one["source"] == source and part in one["message"] for one in left)
        for source, part in WAY
    )


def poison(home: House, http: requests.Session) -> None:
    """Send bad entries among good ones."""
    token = (home.home / "agents/front/token").read_text().strip()
    said = [
        json.dumps({"source": "front", "timestamp": 1, "level": "INFO", "message": f"good {n}"})
        for n in range(GOOD)
    ]
    for number, text in enumerate((*BAD, *MENDED)):
        said.insert(number * 250 + 17, text)
    answer = requests.post(
        f"{home.url}/api/v1/logs",
        data=("[" + ",".join(said) + "]").encode(),
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    check(answer.status_code == 201, f"the batch was answered {answer.status_code} {answer.text}")
    told = answer.json()
    check(told["logs_inserted"] == GOOD + len(MENDED), f"{told['logs_inserted']} were stored")
    due = [said.index(text) for text in BAD]
    check([one["index"] for one in told["rejected"]] == due, f"rejected: {told['rejected']}")
    found = [one["message"] for one in lines(home, http, source="front", text="good ")]
    numbers = [int(message.rpartition(" ")[2]) for message in found]
    check(numbers == list(range(GOOD)), f"{len(numbers)} of {GOOD} good lines, or another order")
    print(f"a batch of {len(said)}: {told['logs_inserted']} stored, in order; refused:")
    for one in told["rejected"]:
        print(f"  entry {one['index']}: {one['reason']}")


def ends(home: House, http: requests.Session) -> None:
    """See that the last words of a process arrive too."""
    for name, last in (("front", "the agent has ended"), ("jobs", "jobs have ended")):
        home.stop(name)
        found = lines(home, http, source=name)
        check(found[-1]["message"] == last, f"the last words of {name}: {found[-1]['message']}")
    print("the last words of agent and jobs have arrived")


def shown(found: list[dict[str, Any]]) -> str:
    """Return lines as a person reads them."""
    return "\n".join(
        f"  {one['timestamp'][11:23]}  {one['source']:<6} {one['level']:<7} {one['message']}"
        for one in found
    )


def main() -> None:
    """On both engines."""
    with private_mariadb() as server:
        for url in (None, server.new_database()):
            with house(url) as home:
                print("on MariaDB" if url else "on SQLite")
                home.start_hub()
                home.start_jobs()
                http = home.session()
                way_of_an_event(home, http)
                poison(home, http)
                ends(home, http)


if __name__ == "__main__":
    run(main)
