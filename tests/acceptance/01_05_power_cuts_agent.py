#!/usr/bin/env python3
"""`kill -9` of the agent at each system call: while it records and closes an event, saves
interrupted ones, publishes, puts aside what the hub refuses, gives up video for want of room.
Afterwards every event is at the hub once, every file on the share is whole, nothing is left over.

Calls that change nothing (stat, lseek …) leave the world as the next changing call finds it; they
are places too with GATEHOUSE_TEST_LONG=1.
"""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from agent.hub_client import HubClient
from agent.publisher import Publisher
from agent.sealing import read_manifest
from agent.spool import OPEN_NAME, Spool
from nfs.layout import AGENT_NAMES, FileKind
from nfs.share import Share, make_share
from tests.acceptance.common import check, run
from tests.fakes.events import camera, encoded
from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.spooled import STILL, begin, complete
from tests.faults.power_cut import Swept, sweep_each_kind

WITHIN_S = 300.0
EVERYTHING = bool(os.environ.get("GATEHOUSE_TEST_LONG"))


class Bench:
    """A spool, a share and a hub of its own."""

    def __init__(self, folder: Path, hub: FakeHub) -> None:
        self.hub = hub
        self.share = folder / "share"
        self.spool_folder = folder / "spool"

    def clean(self) -> None:
        """Begin anew, with an empty spool, an empty share, and a hub that knows nothing."""
        for place in (self.spool_folder, self.share):
            shutil.rmtree(place, ignore_errors=True)
        self.share.mkdir()
        make_share(self.share)
        self.hub.cameras.clear()
        self.hub.events.clear()
        self.hub.order.clear()
        self.hub.answers.clear()
        self.hub.refused.clear()

    def spool(self, max_bytes: int = 10**9) -> Spool:
        """Open the spool as a process does that has just started."""
        return Spool(self.spool_folder, "front", max_bytes)

    def publish(self) -> None:
        """Do what `python -m agent publish` does."""
        spool = self.spool()
        spool.salvage()
        Publisher(
            spool, Share(self.share), HubClient(self.hub.url, None), camera()
        ).publish_pending()

    def settled(self, uids: list[str], call: int) -> None:
        """Hold hub, share and spool against what must have come of it."""
        check(self.hub.order == uids, f"call {call}: the hub has {self.hub.order}, not {uids}")
        for told in self.hub.events.values():
            for entry in told["files"]:
                data = (self.share / entry["path"]).read_bytes()
                whole = hashlib.sha256(data).hexdigest() == entry["sha256"]
                check(whole and len(data) == entry["bytes"], f"call {call}: {entry['path']}")
        manifests = {path.name.split("_")[1] for path in self.share.rglob("*_manifest.json")}
        check(manifests >= set(uids), f"call {call}: a manifest is missing on the share")
        left = [path.name for path in self.share.rglob("*.part")]
        check(not left, f"call {call}: {left} is left on the share")
        left = [path.name for path in self.spool_folder.iterdir() if path.name != "refused"]
        check(not left, f"call {call}: {left} is left in the spool")


def swept(
    prepare: Callable[[], None], work: Callable[[], None], examine: Callable[[int], None]
) -> Swept:
    """Sweep one piece of work."""
    return sweep_each_kind(prepare, work, examine, everything=EVERYTHING, within_s=WITHIN_S)


def recording(bench: Bench) -> Swept:
    """Cut while an event is recorded and closed; whatever began arrives at the hub."""
    data, units = encoded()

    def examine(call: int) -> None:
        begun = [path.name for path in bench.spool_folder.glob("*") if (path / OPEN_NAME).exists()]
        bench.publish()
        bench.settled([name.partition("_")[2] for name in begun], call)
        for told in bench.hub.events.values():
            if told["clip"] is None:
                continue
            (path,) = (entry["path"] for entry in told["files"] if entry["kind"] == "clip")
            kept = sum(unit.size_bytes for unit in units[: told["clip"]["packets"]])
            same = (bench.share / path).read_bytes() == data[:kept]
            check(same, f"call {call}: the clip is not the first pictures")

    def record() -> None:
        complete(bench.spool())

    return swept(bench.clean, record, examine)


def publishing(bench: Bench) -> Swept:
    """Cut while two events are published."""
    uids: list[str] = []

    def prepare() -> None:
        bench.clean()
        uids[:] = [str(complete(bench.spool(), n).uid) for n in range(2)]

    def examine(call: int) -> None:
        bench.publish()
        bench.settled(uids, call)

    return swept(prepare, bench.publish, examine)


def saving(bench: Bench) -> Swept:
    """Cut while an interrupted event with a torn clip, and one with nothing, are saved."""
    uids: list[str] = []

    def prepare() -> None:
        bench.clean()
        spool = bench.spool()
        torn, bare = begin(spool, 0, count=30), begin(spool, 1, count=0)
        torn.put(FileKind.STILL_A, STILL)
        torn.sync()
        with (torn.folder / AGENT_NAMES[FileKind.CLIP]).open("r+b") as file:
            file.truncate(file.seek(0, 2) - 7)
        uids[:] = [str(torn.opening.uid), str(bare.opening.uid)]

    def examine(call: int) -> None:
        bench.publish()
        bench.settled(uids, call)
        kept = bench.hub.events[uids[0]]["clip"]
        check(kept and kept["packets"] == 29, f"call {call}: {kept} is kept of 29 whole pictures")
        check(bench.hub.events[uids[1]]["clip"] is None, f"call {call}: video out of nothing")

    return swept(prepare, bench.publish, examine)


def putting_aside(bench: Bench) -> Swept:
    """Cut while an event that the hub refuses is put aside and the next one goes its way."""
    uids: list[str] = []
    refused: list[str] = []

    def prepare() -> None:
        bench.clean()
        refused[:] = [str(complete(bench.spool(), 0).uid)]
        uids[:] = [str(complete(bench.spool(), 1).uid)]
        bench.hub.refused |= set(refused)

    def examine(call: int) -> None:
        bench.publish()
        bench.settled(uids, call)
        (aside,) = (bench.spool_folder / "refused").iterdir()
        check(str(read_manifest(aside).uid) in refused, f"call {call}: another one is aside")
        check((aside / "refused.txt").read_text(), f"call {call}: no reason is given")

    return swept(prepare, bench.publish, examine)


def giving_up_video(bench: Bench) -> Swept:
    """Cut while the video of the weakest event is given up, then publish all."""
    uids: list[str] = []

    def size() -> int:
        return sum(p.stat().st_size for p in bench.spool_folder.rglob("*") if p.is_file())

    def prepare() -> None:
        bench.clean()
        scores = (3.0, 1.0, 9.0)
        uids[:] = [str(complete(bench.spool(), n, score).uid) for n, score in enumerate(scores)]

    def shrink() -> None:
        bench.spool(size() - 100).shrink()

    def examine(call: int) -> None:
        bench.publish()
        bench.settled(uids, call)
        for uid in (uids[0], uids[2]):
            check(bench.hub.events[uid]["clip"], f"call {call}: the wrong video was given up")

    return swept(prepare, shrink, examine)


def main() -> None:
    """Sweep all five."""
    logging.disable(logging.CRITICAL)
    cuts = 0
    sweeps: list[tuple[str, Callable[[Bench], Swept]]] = [
        ("recording and closing an event", recording),
        ("publishing two events", publishing),
        ("saving and publishing two interrupted events", saving),
        ("putting aside what the hub refuses", putting_aside),
        ("giving up the video of the weakest event", giving_up_video),
    ]
    with fake_hub() as hub:
        for name, cut in sweeps:
            with tempfile.TemporaryDirectory(prefix="gatehouse-cuts-") as folder:
                done = cut(Bench(Path(folder), hub))
                cuts += done.cuts
                print(
                    f"{name}: {done.cuts} cuts at {done.kinds} kinds of calls ({done.calls} calls)"
                )
    print(f"{cuts} cuts, nothing lost, nothing doubled, every file whole")


if __name__ == "__main__":
    run(main)
