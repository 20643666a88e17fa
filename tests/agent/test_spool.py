"""The spool: an event never vanishes, and what is there is whole."""

import json
from pathlib import Path

import pytest

from agent.sealing import is_intact, read_manifest
from agent.spool import Spool
from nfs.layout import AGENT_NAMES, FileKind
from tests.fakes.events import encoded
from tests.fakes.spooled import begin, complete

CLIP, TIMING = (AGENT_NAMES[kind] for kind in (FileKind.CLIP, FileKind.TIMING))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", "front", 10**9)


def test_it_keeps_a_whole_event_with_every_file_described(spool: Spool) -> None:
    said = complete(spool)
    (folder,) = spool.complete()
    assert read_manifest(folder) == said
    assert is_intact(folder, said)
    assert said.clip is not None
    assert said.clip.packets == len(encoded()[1])
    assert (folder / CLIP).read_bytes() == encoded()[0]
    assert {entry.kind for entry in said.files} == {
        FileKind.CLIP,
        FileKind.TIMING,
        FileKind.STILL_A,
        FileKind.THUMBNAIL,
    }


def test_it_gives_events_back_in_their_order_also_after_a_restart(spool: Spool) -> None:
    uids = [complete(spool, n).uid for n in range(3)]
    again = Spool(spool.folder, "front", 10**9)
    uids.append(complete(again, 3).uid)
    assert [read_manifest(folder).uid for folder in again.complete()] == uids


def test_it_saves_what_was_synced_of_an_interrupted_event(spool: Spool) -> None:
    event = begin(spool, count=30)
    event.sync()
    again = Spool(spool.folder, "front", 10**9)
    assert again.salvage() == 1
    (folder,) = again.complete()
    said = read_manifest(folder)
    assert said.uid == event.opening.uid
    assert said.salvaged
    assert said.clip is not None
    assert said.clip.packets == 30


def test_it_cuts_a_torn_clip_to_its_last_whole_picture(spool: Spool) -> None:
    event = begin(spool, count=30)
    event.sync()
    units = encoded()[1]
    torn = sum(unit.size_bytes for unit in units[:20]) + 3
    with (event.folder / CLIP).open("r+b") as file:
        file.truncate(torn)
    spool.salvage()
    said = read_manifest(event.folder)
    assert said.clip is not None
    assert said.clip.packets == 20
    assert (event.folder / CLIP).read_bytes() == encoded()[0][: torn - 3]
    assert is_intact(event.folder, said)


def test_it_saves_an_event_of_which_only_the_opening_is_left(spool: Spool) -> None:
    event = begin(spool, count=0)
    spool.salvage()
    said = read_manifest(event.folder)
    assert said.uid == event.opening.uid
    assert said.clip is None
    assert said.files == []


def test_it_removes_what_had_not_become_an_event(spool: Spool) -> None:
    (spool.folder / "00000001_x").mkdir()
    assert spool.salvage() == 0
    assert list(spool.folder.iterdir()) == []


def test_it_never_publishes_again_what_was_half_removed(spool: Spool) -> None:
    complete(spool)
    (folder,) = spool.complete()
    folder.rename(folder.with_name(folder.name + ".done"))
    assert spool.complete() == []
    spool.salvage()
    assert list(spool.folder.iterdir()) == []


def test_it_gives_up_the_video_of_the_weakest_when_it_is_full(spool: Spool) -> None:
    strong, weak, middle = (complete(spool, n, score) for n, score in enumerate((9.0, 1.0, 5.0)))
    total = sum(p.stat().st_size for p in spool.folder.rglob("*") if p.is_file())
    small = Spool(spool.folder, "front", total - 100)
    assert small.shrink() == [weak.uid]
    kept = {read_manifest(folder).uid: read_manifest(folder) for folder in small.complete()}
    assert kept[weak.uid].clip is None
    assert kept[strong.uid].clip is not None
    assert kept[middle.uid].clip is not None
    assert small.shrink() == []


def test_it_describes_anew_what_the_disk_has_changed(spool: Spool) -> None:
    said = complete(spool)
    (folder,) = spool.complete()
    (folder / AGENT_NAMES[FileKind.STILL_A]).unlink()
    assert not is_intact(folder, said)
    mended = spool.mend(folder)
    assert mended.uid == said.uid
    assert is_intact(folder, mended)
    assert json.loads(mended.model_dump_json())["trigger"] == said.trigger.model_dump(mode="json")
