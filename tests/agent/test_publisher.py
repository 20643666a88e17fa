"""The publisher: in order, once, whatever share and hub do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.hub_client import HubAway, HubClient
from agent.publisher import Publisher
from agent.spool import Spool
from nfs.layout import AGENT_NAMES, FileKind
from nfs.share import Share, ShareUnavailable, make_share
from tests.fakes.events import camera
from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.spooled import complete


class Bench:
    """A spool, a share and a hub of its own."""

    def __init__(self, folder: Path, hub: FakeHub) -> None:
        self.hub = hub
        self.share = folder / "share"
        self.share.mkdir()
        make_share(self.share)
        self.token = folder / "token"
        self.token.write_text("secret\n")
        self.spool = Spool(folder / "spool", "front", 10**9)
        self.publisher = Publisher(
            self.spool, Share(self.share), HubClient(hub.url, self.token), camera()
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with fake_hub() as hub:
        yield Bench(tmp_path, hub)


def test_it_brings_events_to_share_and_hub_in_order_and_forgets_them(bench: Bench) -> None:
    uids = [str(complete(bench.spool, n).uid) for n in range(3)]
    assert bench.publisher.publish_pending() == 3
    assert bench.hub.order == uids
    assert list(bench.spool.folder.iterdir()) == []
    for told in bench.hub.events.values():
        for entry in told["files"]:
            assert (bench.share / entry["path"]).stat().st_size == entry["bytes"]
    assert len(list(bench.share.rglob("*_manifest.json"))) == 3


@pytest.mark.parametrize("status", [500, 503, 429, 401, 403, 408])
def test_it_keeps_everything_while_the_hub_cannot_take_it(bench: Bench, status: int) -> None:
    uids = [str(complete(bench.spool, n).uid) for n in range(2)]
    bench.hub.answers = [status]
    with pytest.raises(HubAway):
        bench.publisher.publish_pending()
    assert len(bench.spool.complete()) == 2
    bench.hub.answers = []
    bench.publisher.publish_pending()
    assert bench.hub.order == uids


def test_it_makes_one_event_when_the_reply_is_lost(bench: Bench) -> None:
    bench.publisher.publish_pending()  # the camera is known from here on
    said = complete(bench.spool)
    bench.hub.answers = [0]
    with pytest.raises(HubAway):
        bench.publisher.publish_pending()
    assert bench.hub.order == [str(said.uid)]
    bench.publisher.publish_pending()
    assert bench.hub.order == [str(said.uid)]
    assert bench.spool.complete() == []


def test_it_sets_aside_what_the_hub_will_never_take_and_goes_on(bench: Bench) -> None:
    bench.publisher.publish_pending()  # the camera is known from here on
    complete(bench.spool, 0)
    good = complete(bench.spool, 1)
    bench.hub.answers = [422]
    bench.publisher.publish_pending()
    assert bench.hub.order == [str(good.uid)]
    (aside,) = (bench.spool.folder / "refused").iterdir()
    assert "422" in (aside / "refused.txt").read_text()
    assert (aside / AGENT_NAMES[FileKind.CLIP]).exists()
    assert bench.spool.complete() == []


def test_it_registers_the_camera_again_when_the_hub_has_forgotten_it(bench: Bench) -> None:
    complete(bench.spool, 0)
    bench.publisher.publish_pending()
    bench.hub.cameras.clear()
    complete(bench.spool, 1)
    bench.publisher.publish_pending()
    assert len(bench.hub.order) == 2


def test_it_writes_nothing_and_waits_when_the_share_is_not_mounted(bench: Bench) -> None:
    complete(bench.spool)
    (bench.share / ".gatehouse-share").unlink()
    with pytest.raises(ShareUnavailable):
        bench.publisher.publish_pending()
    assert list(bench.share.iterdir()) == []
    assert bench.hub.order == []
    assert len(bench.spool.complete()) == 1


def test_it_sends_what_is_left_when_the_disk_has_rotted(bench: Bench) -> None:
    said = complete(bench.spool)
    (folder,) = bench.spool.complete()
    (folder / AGENT_NAMES[FileKind.STILL_A]).write_bytes(b"rot")
    bench.publisher.publish_pending()
    assert bench.hub.events[str(said.uid)]["salvaged"] is True
    assert bench.spool.complete() == []


def test_it_reads_the_token_anew_each_time(bench: Bench) -> None:
    bench.token.unlink()
    complete(bench.spool)
    with pytest.raises(HubAway, match="token"):
        bench.publisher.publish_pending()
    bench.token.write_text("another")
    assert bench.publisher.publish_pending() == 1
