"""The guarded share: the same answers as the share itself, and never later than its limit."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest

from nfs.guard import GuardedShare
from nfs.layout import MARKER_NAME
from nfs.share import Published, ShareUnavailable, SourceChanged, Trouble, make_share

TARGET = PurePosixPath("front/2026-03-01/x.h264")
MIB = 1024 * 1024


@pytest.fixture
def share(tmp_path: Path) -> Iterator[GuardedShare]:
    root = tmp_path / "share"
    root.mkdir()
    guarded = GuardedShare(root, make_share(root), silence_s=1.0)
    yield guarded
    guarded.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"footage" * 1000)
    return tmp_path / "source"


def hang(share: GuardedShare) -> None:
    """Make every touch of the share block in the kernel: opening a pipe waits for its writer."""
    (share.root / MARKER_NAME).unlink()
    os.mkfifo(share.root / MARKER_NAME)


def test_it_publishes_as_the_share_does(share: GuardedShare, source: Path) -> None:
    share.check()
    said = share.publish(source, TARGET)
    assert said == Published(7000, hashlib.sha256(source.read_bytes()).hexdigest())
    assert (share.root / TARGET).read_bytes() == source.read_bytes()
    source.write_bytes(b"other")
    with pytest.raises(SourceChanged):
        share.publish(source, PurePosixPath("front/other"), said)


def test_it_names_what_is_wrong(share: GuardedShare, source: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    for broken, trouble in (
        (GuardedShare(tmp_path / "bare"), Trouble.MISSING),
        (GuardedShare(tmp_path / "nowhere"), Trouble.MISSING),
        (GuardedShare(share.root, uuid4()), Trouble.SWAPPED),
    ):
        with pytest.raises(ShareUnavailable) as caught:
            broken.publish(source, TARGET)
        broken.close()
        assert caught.value.trouble is trouble
    assert list((tmp_path / "bare").iterdir()) == []


def test_it_comes_back_from_a_share_that_hangs_and_works_again_after(
    share: GuardedShare, source: Path
) -> None:
    share.check()
    marker = (share.root / MARKER_NAME).read_bytes()
    hang(share)
    for _ in range(2):
        begun = time.monotonic()
        with pytest.raises(ShareUnavailable) as caught:
            share.publish(source, TARGET)
        assert caught.value.trouble is Trouble.HUNG
        assert time.monotonic() - begun < 5
    (share.root / MARKER_NAME).unlink()
    (share.root / MARKER_NAME).write_bytes(marker)
    assert share.publish(source, TARGET).bytes == 7000


def test_it_takes_slowness_for_no_hang(share: GuardedShare, tmp_path: Path) -> None:
    data = os.urandom(4 * MIB)
    slow = tmp_path / "slow"
    os.mkfifo(slow)

    def trickle() -> None:
        with slow.open("wb") as pipe:
            for at in range(0, len(data), MIB):
                time.sleep(0.5)
                pipe.write(data[at : at + MIB])
                pipe.flush()

    writer = threading.Thread(target=trickle)
    writer.start()
    said = Published(len(data), hashlib.sha256(data).hexdigest())
    assert share.publish(slow, TARGET, said) == said  # two seconds, with a limit of one
    writer.join()


def test_it_survives_the_death_of_its_child(share: GuardedShare, source: Path) -> None:
    share.check()
    assert share._child is not None
    share._child.kill()
    share._child.wait()
    assert share.publish(source, TARGET).bytes == 7000


def test_it_refuses_what_was_swapped_while_it_wrote(share: GuardedShare, tmp_path: Path) -> None:
    data = b"x" * MIB
    slow, moved = tmp_path / "slow", tmp_path / "moved"
    os.mkfifo(slow)

    def swap() -> None:
        with slow.open("wb") as pipe:
            share.root.rename(moved)
            share.root.mkdir()
            pipe.write(data)

    writer = threading.Thread(target=swap)
    writer.start()
    said = Published(len(data), hashlib.sha256(data).hexdigest())
    with pytest.raises(ShareUnavailable) as caught:
        share.publish(slow, TARGET, said)
    writer.join()
    assert caught.value.trouble is Trouble.SWAPPED
    assert list(share.root.iterdir()) == []  # not one byte where the share no longer is
    assert (moved / TARGET).read_bytes() == data
