"""Where files lie, there and back: a table and a property."""

from datetime import UTC, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfs.layout import FileKind, SharePath, parse, path_for

UID = UUID("11111111-2222-3333-4444-555555555555")
AT = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
STEM = "20260301T235959Z_11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (FileKind.CLIP, f"front/2026-03-01/{STEM}_clip.h264"),
        (FileKind.TIMING, f"front/2026-03-01/{STEM}_clip.timing"),
        (FileKind.STILL_A, f"front/2026-03-01/{STEM}_still_a.jpg"),
        (FileKind.THUMBNAIL, f"front/2026-03-01/{STEM}_thumb.jpg"),
        (FileKind.MANIFEST, f"front/2026-03-01/{STEM}_manifest.json"),
        (FileKind.MP4, f"hub-made/front/2026-03-01/{STEM}_clip.mp4"),
        (FileKind.POSTER, f"hub-made/front/2026-03-01/{STEM}_poster.jpg"),
    ],
)
def test_it_puts_every_kind_in_its_place(kind: FileKind, path: str) -> None:
    assert str(path_for("front", AT, UID, kind)) == path
    assert parse(path) == SharePath("front", AT, UID, kind)


@given(
    st.from_regex(r"[A-Za-z0-9_]{1,50}", fullmatch=True),
    st.integers(0, 8_000 * 365 * 86_400).map(lambda s: datetime.fromtimestamp(s + 0.5, UTC)),
    st.sampled_from(FileKind),
)
def test_it_reads_back_whatever_it_wrote(camera: str, at: datetime, kind: FileKind) -> None:
    uid = uuid4()
    found = parse(path_for(camera, at, uid, kind))
    assert found == SharePath(camera, at.replace(microsecond=0), uid, kind)


def test_it_counts_days_in_utc_wherever_the_time_was_taken() -> None:
    local = datetime(2026, 3, 2, 0, 59, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    assert path_for("front", local, UID, FileKind.CLIP) == path_for("front", AT, UID, FileKind.CLIP)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "front",
        f"../front/2026-03-01/{STEM}_clip.h264",
        f"front/../2026-03-01/{STEM}_clip.h264",
        f"front/2026-03-02/{STEM}_clip.h264",
        f"front/2026-03-01/{STEM}_clip.mp4",
        f"hub-made/front/2026-03-01/{STEM}_clip.h264",
        f"front/2026-03-01/{STEM}_clip.h264.part",
        f"front/2026-03-01/{STEM}_clip.h264\n",
        f"fr nt/2026-03-01/{STEM}_clip.h264",
        f"front/2026-03-01/20261301T235959Z{STEM[16:]}_clip.h264",
    ],
)
def test_it_knows_nothing_that_it_did_not_write(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize("camera", ["", "a" * 51, "a-b", "a/b", "..", "front\n", "hub-made"])
def test_it_refuses_a_camera_that_cannot_stand_in_a_path(camera: str) -> None:
    with pytest.raises(ValueError, match="no camera id"):
        path_for(camera, AT, UID, FileKind.CLIP)


def test_it_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        path_for("front", AT.replace(tzinfo=None), UID, FileKind.CLIP)
