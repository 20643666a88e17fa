"""The spool in trouble: nothing vanishes, nothing is held up, and nobody else gets in."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.sealing import read_manifest
from agent.spool import OPEN_NAME, Spool, SpoolBusy, SpoolDamaged
from nfs.layout import AGENT_NAMES, FileKind
from tests.fakes.spooled import begin, complete

MANIFEST, CLIP = AGENT_NAMES[FileKind.MANIFEST], AGENT_NAMES[FileKind.CLIP]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", "front", 10**9)


def bytes_in(spool: Spool) -> int:
    return sum(path.stat().st_size for path in spool.folder.rglob("*") if path.is_file())


def test_it_lets_no_second_process_work_on_the_same_events(spool: Spool) -> None:
    spool.lock()
    with pytest.raises(SpoolBusy):
        Spool(spool.folder, "front", 10**9).lock()


def test_it_is_free_again_when_its_process_was_killed(spool: Spool) -> None:
    code = (
        "import os, signal, pathlib; from agent.spool import Spool; "
        f"Spool(pathlib.Path({str(spool.folder)!r}), 'front', 10**9).lock(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert done.returncode == -9
    spool.lock()


def test_it_does_not_close_an_event_that_is_being_recorded(spool: Spool) -> None:
    begin(spool, 0, count=20)
    again = Spool(spool.folder, "front", 10**9)  # as after a restart
    running = begin(again, 1, count=20)
    assert again.salvage(only_older=True) == 1
    assert not (running.folder / MANIFEST).exists()
    assert len(again.complete()) == 1


def test_it_sets_aside_an_interrupted_event_that_nobody_can_understand(spool: Spool) -> None:
    event = begin(spool, 0, count=20)
    event.sync()
    (event.folder / OPEN_NAME).write_bytes(b"\0\0\0")
    good = begin(spool, 1, count=20)
    assert spool.salvage() == 1
    assert read_manifest(spool.complete()[0]).uid == good.opening.uid
    (aside,) = (spool.folder / "refused").iterdir()
    assert (aside / CLIP).stat().st_size > 0


def test_it_makes_a_rotten_manifest_anew(spool: Spool) -> None:
    said = complete(spool)
    (folder,) = spool.complete()
    (folder / MANIFEST).write_bytes(b"{")
    mended = spool.manifest_of(folder)
    assert (mended.uid, mended.files) == (said.uid, said.files)
    (folder / MANIFEST).write_bytes(b"{")
    (folder / OPEN_NAME).write_bytes(b"{")
    with pytest.raises(SpoolDamaged):
        spool.manifest_of(folder)


def test_it_saves_the_others_when_one_cannot_be_saved(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = begin(spool, 0, count=20), begin(spool, 1, count=20)
    good.sync()
    (bad.folder / f"{MANIFEST}.part").mkdir()  # nothing can be written here, as on a full disk
    assert spool.salvage() == 1
    assert spool.salvage() == 0
    assert sum("cannot be saved yet" in line for line in caplog.messages) == 1
    (bad.folder / f"{MANIFEST}.part").rmdir()
    assert spool.salvage() == 1


def test_it_never_changes_the_event_that_the_hub_may_have_already(spool: Spool) -> None:
    first, second = complete(spool, 0, 1.0), complete(spool, 1, 9.0)
    small = Spool(spool.folder, "front", bytes_in(spool) - 100)
    assert small.shrink() == [second.uid]
    assert read_manifest(small.complete()[0]) == first


def test_it_keeps_the_video_of_an_event_while_it_is_being_published(spool: Spool) -> None:
    for number in range(3):
        complete(spool, number, float(number))
    small = Spool(spool.folder, "front", bytes_in(spool) - 100)
    second = small.complete()[1]
    with small.holding(second):
        assert small.shrink() == [read_manifest(small.complete()[2]).uid]
    assert read_manifest(second).clip is not None


def test_it_gives_up_first_the_video_of_what_the_hub_has_refused(spool: Spool) -> None:
    refused, _, _ = (complete(spool, n, 9.0 - n) for n in range(3))
    spool.set_aside(spool.complete()[0], "422")
    small = Spool(spool.folder, "front", bytes_in(spool) - 100)
    assert small.shrink() == [refused.uid]
    assert small.shrink() == []


def test_it_frees_what_a_cut_left_of_a_given_up_video(spool: Spool) -> None:
    complete(spool, 0)
    complete(spool, 1)
    folder = spool.complete()[1]
    clip = (folder / CLIP).read_bytes()
    small = Spool(spool.folder, "front", bytes_in(spool) - 100)
    small.shrink()
    (folder / CLIP).write_bytes(clip)  # the cut came after the manifest, before the unlink
    Spool(spool.folder, "front", bytes_in(spool) - 100).shrink()
    assert not (folder / CLIP).exists()
    assert read_manifest(folder).clip is None
