"""Publishing a file that is not what it should be: told apart from a share in trouble."""

import os
from pathlib import Path, PurePosixPath

import pytest

from nfs.share import Published, Share, ShareUnavailable, SourceChanged, make_share

TARGET = PurePosixPath("front/2026-03-01/x.h264")


@pytest.fixture
def share(tmp_path: Path) -> Share:
    root = tmp_path / "share"
    root.mkdir()
    return Share(root, make_share(root))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"footage" * 1000)
    return tmp_path / "source"


def left_on(share: Share) -> list[str]:
    return [path.name for path in share.root.rglob("*") if path.is_file()]


def test_it_leaves_nothing_behind_when_the_file_has_changed(share: Share, source: Path) -> None:
    with pytest.raises(SourceChanged):
        share.publish(source, TARGET, Published(7000, "0" * 64))
    assert left_on(share) == [".gatehouse-share"]


def test_it_says_when_the_file_is_gone(share: Share, source: Path) -> None:
    said = share.publish(source, TARGET)
    source.unlink()
    assert share.publish(source, TARGET, said) == said  # it is there, and whole
    with pytest.raises(SourceChanged):
        share.publish(source, PurePosixPath("front/other"), said)
    with pytest.raises(SourceChanged):
        share.publish(source, PurePosixPath("front/other"))


def test_it_mends_a_file_of_the_right_size_and_the_wrong_content(
    share: Share, source: Path
) -> None:
    share.publish(source, TARGET)
    (share.root / TARGET).write_bytes(b"FOOTAGE" * 1000)
    share.publish(source, TARGET)
    assert (share.root / TARGET).read_bytes() == source.read_bytes()


def test_it_never_makes_the_root(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ShareUnavailable, match="no share is mounted"):
        Share(tmp_path / "away").publish(source, TARGET)
    with pytest.raises(FileNotFoundError):
        make_share(tmp_path / "away")
    assert not (tmp_path / "away").exists()


def test_it_says_the_share_is_away_when_it_is_full(share: Share, source: Path) -> None:
    part = share.root / f"{TARGET}.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")  # every write there answers ENOSPC
    with pytest.raises(ShareUnavailable, match="No space left"):
        share.publish(source, TARGET)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"share": 7}', "\x00" * 20])
def test_it_distrusts_every_marker_that_is_nonsense(share: Share, content: str) -> None:
    (share.root / ".gatehouse-share").write_text(content)
    with pytest.raises(ShareUnavailable):
        share.check()


def test_it_lets_others_read_what_it_publishes(share: Share, source: Path) -> None:
    os.umask(old := os.umask(0))
    share.publish(source, TARGET)
    assert (share.root / TARGET).stat().st_mode & 0o777 == 0o666 & ~old
