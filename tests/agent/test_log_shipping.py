"""The agent's lines reach the hub over real HTTP: in order, bounded, silent about themselves."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from agent.hub_client import HubAway, HubClient
from agent.log_buffer import MESSAGE_CHARACTERS, LogBuffer, about
from agent.log_shipping import LogShipping
from tests.fakes.house import wait_for
from tests.fakes.hub import FakeHub, fake_hub

log = logging.getLogger("agent.pipeline")


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as served:
        yield served


@pytest.fixture
def shipping_to(tmp_path: Path) -> Iterator[Callable[..., LogShipping]]:
    """Make the shipping of an agent of `front`; it ends with the test."""
    made: list[LogShipping] = []
    logging.getLogger().setLevel(logging.INFO)
    (tmp_path / "token").write_text("secret\n")

    def make(url: str, waiting_lines: int = 2000) -> LogShipping:
        client = HubClient(url, tmp_path / "token")
        made.append(LogShipping(LogBuffer("front", waiting_lines), client))
        return made[-1]

    yield make
    for shipping in made:
        shipping.stop(1)
    logging.getLogger().setLevel(logging.WARNING)


Make = Callable[..., LogShipping]


def messages(hub: FakeHub) -> list[str]:
    return [line["message"] for batch in hub.logs for line in batch]


def test_it_sends_lines_with_aware_times_and_the_event(hub: FakeHub, shipping_to: Make) -> None:
    shipping = shipping_to(hub.url)
    shipping.start()
    uid = uuid4()
    log.info("motion → event %s", uid, extra=about(uid))
    log.warning("too slow")
    shipping.stop(2)
    ((first, second),) = hub.logs
    at = datetime.fromisoformat(first.pop("timestamp"))
    assert at.tzinfo == UTC
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert first == {
        "source": "front",
        "level": "INFO",
        "message": f"motion → event {uid}",
        "event_uid": str(uid),
    }
    assert (second["level"], second["message"]) == ("WARNING", "too slow")
    assert "event_uid" not in second
    assert all(len(request_id) == 16 for request_id in hub.request_ids)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
def test_it_keeps_lines_in_order_while_the_hub_cannot_take_them(
    hub: FakeHub, shipping_to: Make, status: int
) -> None:
    hub.answers = [status]
    shipping = shipping_to(hub.url)
    shipping.start()
    log.info("line 0")
    wait_for(lambda: hub.request_ids, 10, "nothing was sent")
    log.info("line 1")
    wait_for(lambda: len(messages(hub)) == 2, 10, "the lines do not arrive")
    assert messages(hub) == ["line 0", "line 1"]


def test_it_ends_in_time_when_there_is_no_hub_and_names_the_request(shipping_to: Make) -> None:
    with fake_hub() as gone:
        pass
    shipping = shipping_to(gone.url)
    shipping.start()
    log.info("in vain")
    begun = time.monotonic()
    shipping.stop(2)
    assert time.monotonic() - begun < 1
    with pytest.raises(HubAway, match=r"does not answer: \w+ \(request [0-9a-f]{16}\)"):
        HubClient(gone.url, None).send_logs([])


def test_it_waits_as_long_as_the_hub_asks(hub: FakeHub, shipping_to: Make) -> None:
    hub.answers, hub.retry_after = [503], "2"
    shipping = shipping_to(hub.url)
    shipping.start()
    log.info("a line")
    wait_for(lambda: hub.request_ids, 10, "nothing was sent")
    refused_at = time.monotonic()
    wait_for(lambda: hub.logs, 10, "the line does not arrive")
    assert time.monotonic() - refused_at > 1.8


def test_it_keeps_the_newest_lines_and_says_how_many_were_lost(
    hub: FakeHub, shipping_to: Make
) -> None:
    shipping = shipping_to(hub.url, waiting_lines=10)
    shipping.start()
    for number in range(35):
        log.info("line %d", number)
    shipping.stop(2)
    first, *others = messages(hub)
    assert first.startswith("25 log lines were lost here")
    assert others == [f"line {number}" for number in range(25, 35)]


def test_it_sends_smaller_batches_when_the_hub_wants_less(hub: FakeHub, shipping_to: Make) -> None:
    hub.most_logs = 100
    shipping = shipping_to(hub.url)
    shipping.start()
    for number in range(450):
        log.info("line %d", number)
    shipping.stop(3)
    assert messages(hub) == [f"line {number}" for number in range(450)]
    assert max(len(batch) for batch in hub.logs) <= 100


def test_it_never_sends_more_than_500_at_once(hub: FakeHub, shipping_to: Make) -> None:
    shipping = shipping_to(hub.url)
    shipping.start()
    for number in range(1300):
        log.info("line %d", number)
    shipping.stop(3)
    assert messages(hub) == [f"line {number}" for number in range(1300)]
    assert max(len(batch) for batch in hub.logs) <= 500


@pytest.mark.parametrize("status", [400, 409, 422, 413])
def test_it_drops_what_the_hub_refuses_and_goes_on(
    hub: FakeHub, shipping_to: Make, status: int
) -> None:
    hub.answers = [status]
    shipping = shipping_to(hub.url)
    shipping.start()
    log.info("refused")
    wait_for(lambda: hub.request_ids, 10, "nothing was sent")
    log.info("taken")
    shipping.stop(2)
    assert messages(hub) == ["taken"]


def test_it_does_not_speak_of_itself_where_the_hub_hears_it(
    hub: FakeHub, shipping_to: Make, caplog: pytest.LogCaptureFixture
) -> None:
    hub.answers = [500, 422]
    shipping = shipping_to(hub.url)
    shipping.start()
    log.info("refused")
    wait_for(lambda: len(hub.request_ids) == 2, 10, "it was not tried again")
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    log.info("taken")
    shipping.stop(2)
    assert messages(hub) == ["taken"]
    told = [record.getMessage() for record in caplog.records if "log lines" in record.getMessage()]
    assert [text.split(":")[0] for text in told] == [
        "log lines wait",
        "the hub refuses log lines, 1 are dropped",
        "log lines go to the hub again",
    ]
    assert "(request " in told[0]
    assert len(hub.request_ids) == 3


def test_it_cuts_over_long_lines_and_sends_lone_surrogates(hub: FakeHub, shipping_to: Make) -> None:
    shipping = shipping_to(hub.url)
    shipping.start()
    log.info("x" * 100_000)
    log.info("file \udcff\0")
    shipping.stop(2)
    long, odd = messages(hub)
    assert len(long) <= MESSAGE_CHARACTERS
    assert "characters were cut by the agent" in long
    assert odd == "file \udcff\0"


def test_it_never_holds_up_who_logs(shipping_to: Make) -> None:
    with fake_hub() as silent:
        silent.answers = [503] * 100
        shipping = shipping_to(silent.url)
        shipping.start()
        begun = time.monotonic()
        for number in range(5000):
            log.info("line %d", number)
        assert time.monotonic() - begun < 2
        begun = time.monotonic()
        shipping.stop(0.7)
        assert time.monotonic() - begun < 1.5
