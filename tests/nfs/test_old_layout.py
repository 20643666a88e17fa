"""The old agents' layout: what a path says, and what is none of it."""

import pytest

from nfs.layout import FileKind
from nfs.old_layout import OldPath, example, parse


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("front/pictures/7_20261120_120000_a.jpg", FileKind.STILL_A),
        ("front/pictures/7_20261120_120000_b.jpg", FileKind.STILL_B),
        ("front/thumbs/7_20261120_120000_thumb.jpg", FileKind.THUMBNAIL),
        ("front/videos/7_20261120_120000_video.h264", FileKind.CLIP),
        ("front/videos/7_19700101_000007_video.h264", FileKind.CLIP),
    ],
)
def test_it_reads_a_path(path: str, kind: FileKind) -> None:
    assert parse(path) == OldPath("front", 7, kind)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/front/pictures/7_20261120_120000_a.jpg",
        "front/pictures/../pictures/7_20261120_120000_a.jpg",
        "../front/7_20261120_120000_a.jpg",
        "front/pictures/7_20261120_120000_a.jpg\n",
        "front/pictures/7_20261120_120000_a.jpg.READY",
        "front/videos/7_20261120_120000_a.jpg",
        "front/pictures/7_20261120_120000_video.h264",
        "front/pictures/07_20261120_120000_a.jpg",
        "front/pictures/-7_20261120_120000_a.jpg",
        "front/pictures/\u0667_20261120_120000_a.jpg",
        "front/pictures/99999999999999999999_20261120_120000_a.jpg",
        "front//pictures/7_20261120_120000_a.jpg",
        "front\\pictures\\7_20261120_120000_a.jpg",
        "fro nt/pictures/7_20261120_120000_a.jpg",
        "front/pictures/7_20261120_120000_a.jpg\0",
        "front/2026-11-20/7_20261120_120000_a.jpg",
    ],
)
def test_it_takes_nothing_else(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize(
    "kind", [FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL, FileKind.CLIP]
)
def test_its_example_is_a_path_but_for_the_time(kind: FileKind) -> None:
    shown = str(example("front", 7, kind)).replace("YYYYMMDD_HHMMSS", "20261120_120000")
    assert parse(shown) == OldPath("front", 7, kind)
