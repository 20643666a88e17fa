"""The share: never an empty mount point, never half a file, never another share."""

import threading
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest

from nfs.share import Share, ShareUnavailable, make_share

TARGET = PurePosixPath("front/2026-03-01/x.h264")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    make_share(tmp_path / "share")
    return tmp_path / "share"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"footage" * 1000)
    return tmp_path / "source"


def test_it_never_writes_into_an_empty_mount_point(tmp_path: Path, source: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(ShareUnavailable, match="no share is mounted"):
        Share(bare).publish(source, TARGET)
    assert list(bare.iterdir()) == []


def test_it_never_writes_to_another_share(root: Path, source: Path) -> None:
    with pytest.raises(ShareUnavailable, match="another share"):
        Share(root, uuid4()).publish(source, TARGET)
    assert not (root / TARGET).exists()


def test_it_puts_a_file_there_whole_and_may_be_asked_again(root: Path, source: Path) -> None:
    share = Share(root, make_share(root))
    first = share.publish(source, TARGET)
    changed = (root / TARGET).stat().st_mtime_ns
    assert share.publish(source, TARGET) == first
    assert (root / TARGET).read_bytes() == source.read_bytes()
    assert (root / TARGET).stat().st_mtime_ns == changed


def test_it_replaces_what_is_not_whole(root: Path, source: Path) -> None:
    (root / TARGET).parent.mkdir(parents=True)
    (root / TARGET).write_bytes(b"half")
    Share(root).publish(source, TARGET)
    assert (root / TARGET).read_bytes() == source.read_bytes()


def test_it_says_so_when_the_share_takes_nothing(root: Path, source: Path) -> None:
    (root / "front").write_bytes(b"a file where a folder should be")
    with pytest.raises(ShareUnavailable, match="cannot be put"):
        Share(root).publish(source, TARGET)


def test_it_makes_one_share_however_many_try_at_once(tmp_path: Path) -> None:
    ids = set()
    threads = [threading.Thread(target=lambda: ids.add(make_share(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 1


def test_it_distrusts_a_marker_that_is_nonsense(root: Path) -> None:
    (root / ".gatehouse-share").write_text("{}")
    with pytest.raises(ShareUnavailable, match="cannot be read"):
        Share(root).check()
