"""The publisher in trouble: one bad event holds up nobody, an outage is told twice, order stays."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from agent.hub_client import HubAway, HubClient
from agent.publisher import Publisher
from agent.spool import Spool
from nfs.layout import AGENT_NAMES, FileKind
from nfs.share import Published, Share, make_share
from tests.fakes.events import camera
from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.spooled import begin, complete


class Bench:
    """A spool, a share and a hub of its own; the camera is known already."""

    def __init__(self, folder: Path, hub: FakeHub) -> None:
        self.hub = hub
        self.share = folder / "share"
        self.share.mkdir()
        make_share(self.share)
        self.spool = Spool(folder / "spool", "front", 10**9)
        self.publisher = Publisher(
            self.spool, Share(self.share), HubClient(hub.url, None), camera()
        )
        self.publisher.publish_pending()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with fake_hub() as hub:
        yield Bench(tmp_path, hub)


def test_it_keeps_a_conflicting_event_and_lets_the_others_pass(bench: Bench) -> None:
    kept, good = complete(bench.spool, 0), complete(bench.spool, 1)
    bench.hub.answers = [409]
    assert bench.publisher.publish_pending() == 1
    assert bench.hub.order == [str(good.uid)]
    assert bench.publisher.publish_pending() == 0
    (folder,) = bench.spool.complete()
    assert str(kept.uid) in folder.name


def test_it_sets_aside_what_nobody_can_understand_and_goes_on(bench: Bench) -> None:
    complete(bench.spool, 0)
    good = complete(bench.spool, 1)
    bad = bench.spool.complete()[0]
    for name in ("manifest.json", "open.json"):
        (bad / name).write_bytes(b"\0")
    assert bench.publisher.publish_pending() == 1
    assert bench.hub.order == [str(good.uid)]
    assert (bench.spool.folder / "refused" / bad.name / "clip.h264").exists()


def test_it_keeps_the_good_copy_on_the_share_when_its_own_has_rotted(bench: Bench) -> None:
    said = complete(bench.spool, 0)
    bench.hub.answers = [500]
    with pytest.raises(HubAway):
        bench.publisher.publish_pending()
    (folder,) = bench.spool.complete()
    (folder / AGENT_NAMES[FileKind.CLIP]).write_bytes(b"rot")
    bench.publisher.publish_pending()
    assert bench.hub.events[str(said.uid)]["salvaged"] is False


def test_it_puts_an_event_on_the_share_also_while_the_hub_is_away(bench: Bench) -> None:
    complete(bench.spool, 0)
    bench.hub.answers = [503]
    with pytest.raises(HubAway):
        bench.publisher.publish_pending()
    assert len(list(bench.share.rglob("*_manifest.json"))) == 1


def test_it_waits_when_something_that_is_no_hub_says_not_found(bench: Bench) -> None:
    complete(bench.spool, 0)
    bench.hub.answers = [404]
    with pytest.raises(HubAway):
        bench.publisher.publish_pending()
    assert len(bench.spool.complete()) == 1


def run_until(bench: Bench, done: object, within_s: float = 20) -> None:
    """Run the publisher's thread until `done()`, then stop it."""
    over = threading.Event()
    thread = threading.Thread(target=bench.publisher.run, args=(over.is_set,))
    thread.start()
    ends_at = time.monotonic() + within_s
    while not done() and time.monotonic() < ends_at:  # type: ignore[operator]
        time.sleep(0.02)
    over.set()
    bench.publisher.ring()
    thread.join(5)
    assert not thread.is_alive()
    assert done()  # type: ignore[operator]


def test_it_tells_an_outage_when_it_starts_and_when_it_ends(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    uids = [str(complete(bench.spool, n).uid) for n in range(3)]
    bench.hub.answers = [503, 503, 503]
    run_until(bench, lambda: "goes on again" in caplog.text)
    assert bench.hub.order == uids
    assert sum("events wait" in line for line in caplog.messages) == 1
    assert sum("goes on again" in line for line in caplog.messages) == 1


def test_it_saves_what_was_interrupted_before_it_publishes(bench: Bench) -> None:
    event = begin(bench.spool, 0, count=20)
    event.sync()
    later = complete(bench.spool, 1)
    bench.spool = Spool(bench.spool.folder, "front", 10**9)
    bench.publisher = Publisher(
        bench.spool, Share(bench.share), HubClient(bench.hub.url, None), camera()
    )
    run_until(bench, lambda: len(bench.hub.order) == 2)
    assert bench.hub.order == [str(event.opening.uid), str(later.uid)]


def test_it_goes_on_after_a_bug_and_shows_where_it_was(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bugs = [1]

    class Buggy(Share):
        def publish(
            self, source: Path, relative: PurePosixPath, expected: Published | None = None
        ) -> Published:
            if bugs and bugs.pop():
                raise ZeroDivisionError("a bug")
            return super().publish(source, relative, expected)

    said = complete(bench.spool, 0)
    bench.publisher = Publisher(
        bench.spool, Buggy(bench.share), HubClient(bench.hub.url, None), camera()
    )
    run_until(bench, lambda: bench.hub.order == [str(said.uid)])
    assert "ZeroDivisionError" in caplog.text
