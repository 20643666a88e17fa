"""Database and share are made to agree, and a disk that is missing is not taken for lost files."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update

from central.cameras import registry
from central.clock import utc_now
from central.context import Hub
from central.events import files, query
from central.events.progress import Moment, announce
from central.stages import claims
from central.stages.lifecycle import Stage
from central.storage import garbage
from central.storage.check import violations
from central.storage.reconcile import QUARANTINED_FOR, UNOWNED_AFTER, Refused, reconcile, refusal
from database.models import Camera, Event, EventFile, EventStage, EventTotal
from nfs.layout import FileKind, path_for
from nfs.manifest import Manifest
from nfs.share import ShareUnavailable
from tests.central.conftest import SetClock
from tests.central.storage.conftest import Recorded, files_on, ids_in, paths_in
from tests.fakes.events import camera, lay_small

LATER = UNOWNED_AFTER + timedelta(hours=1)


@pytest.fixture
def now(kept: Hub, clock: SetClock) -> SetClock:
    """Files of these tests are as old as they are; the hub's clock goes with them."""
    clock.at = utc_now()
    return clock


def lay(hub: Hub, path: str) -> Path:
    place = hub.settings.share_root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"12345")
    return place


def facts(hub: Hub, event_id: int) -> query.EventFacts:
    with hub.database.reading() as session:
        found = query.one(session, event_id)
    assert found is not None
    return found


def complaints(hub: Hub) -> list[str]:
    return [f"{found.invariant}: {found.what}" for found in violations(hub, deep=True)]


def test_it_finds_nothing_to_do_where_both_agree(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    record(3)
    before = files_on(kept)
    report = reconcile(kept)
    assert report.lines == ["0 events of the share registered"]
    assert files_on(kept) == before


def test_it_registers_an_event_whose_manifest_the_database_does_not_know(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    record(1)
    said = lay_small(kept.settings.share_root, now(), "front")
    assert any(f"{said.uid}_manifest.json" in line for line in complaints(kept))
    assert reconcile(kept).registered == 1
    with kept.database.reading() as session:
        found = query.by_uid(session, str(said.uid))
    assert found is not None
    assert set(found.files) == {FileKind.CLIP, FileKind.THUMBNAIL}
    assert found.stages["convert"].state == "waiting"
    assert reconcile(kept).registered == 0
    assert complaints(kept) == []


def test_it_makes_a_camera_known_that_only_the_share_remembers(kept: Hub, now: SetClock) -> None:
    lay_small(kept.settings.share_root, now(), "attic")
    assert reconcile(kept).registered == 1
    with kept.database.reading() as session:
        assert "attic" in session.scalars(select(Camera.camera_id)).all()


@pytest.mark.parametrize("content", ["", "{}", "[1]", "x" * 2_000_000])
def test_it_says_which_manifest_it_cannot_read_and_goes_on(
    kept: Hub, record: Recorded, now: SetClock, content: str
) -> None:
    record(2)
    said = lay_small(kept.settings.share_root, now())
    broken = path_for("front", now(), said.uid, FileKind.MANIFEST)
    (kept.settings.share_root / broken).write_text(content)
    lay_small(kept.settings.share_root, now() + timedelta(seconds=1))
    report = reconcile(kept)
    assert [path for path, _reason in report.refused] == [str(broken)]
    assert report.registered == 1


def test_it_refuses_a_manifest_that_speaks_of_another_event(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    record(2)
    honest = lay_small(kept.settings.share_root, now())
    path = kept.settings.share_root / path_for("front", now(), honest.uid, FileKind.MANIFEST)
    told = Manifest.model_validate_json(path.read_bytes())
    forged = told.model_copy(update={"camera_id": "other"})
    path.write_text(forged.model_dump_json())
    ((_path, reason),) = reconcile(kept).refused
    assert "another event" in reason


def test_it_says_of_a_row_that_its_file_is_gone_and_when_it_is_back(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    first, _second = record(2)
    path = facts(kept, first).files[FileKind.CLIP].path
    place = kept.settings.share_root / path
    content = place.read_bytes()
    place.unlink()
    assert any(path in line for line in complaints(kept))
    assert reconcile(kept).gone == [path]
    assert set(facts(kept, first).gone) == {FileKind.CLIP}
    assert FileKind.CLIP not in facts(kept, first).files
    assert complaints(kept) == []
    assert reconcile(kept).gone == []
    place.write_bytes(content)
    assert reconcile(kept).returned == [path]
    assert FileKind.CLIP in facts(kept, first).files


def test_it_lets_the_hub_make_anew_what_the_hub_had_made(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    (event_id, *_others) = record(3)
    found = facts(kept, event_id)
    mp4 = path_for("front", found.started_at, UUID(found.uid), FileKind.MP4)
    kept.database.write(
        lambda session: files.put(session, event_id, FileKind.MP4, mp4, 5, None, now())
    )
    assert reconcile(kept).gone == [str(mp4)]
    with kept.database.reading() as session:
        state = session.scalar(select(EventStage.state).where(EventStage.event == event_id))
    assert state == "waiting"


@pytest.mark.parametrize(
    "path",
    [
        "front/notes.txt",
        "front/2026-03-01/20260301T120000Z_00000000-0000-4000-8000-000000000000_clip.h264",
        "hub-made/front/2026-03-01/20260301T120000Z_00000000-0000-4000-8000-000000000000_clip.mp4",
        "front/2026-03-01/x.part",
        "front/videos/7_20260301_120000_video.h264.tmp",
        "front/videos/999_20260301_120000_video.h264.READY",
        "stray.jpg",
    ],
)
def test_it_moves_aside_what_nobody_owns_and_removes_it_only_a_week_later(
    kept: Hub, record: Recorded, now: SetClock, path: str
) -> None:
    record(2)
    lay(kept, path)
    assert reconcile(kept).young == [path]
    assert path in files_on(kept)
    now.move(seconds=LATER.total_seconds())
    day = now().strftime("%Y-%m-%d")
    assert reconcile(kept).quarantined == [path]
    assert f"hub-quarantine/{day}/{path}" in files_on(kept)
    assert path not in files_on(kept)
    now.move(days=QUARANTINED_FOR.days - 1)
    assert reconcile(kept).removed == []
    now.move(days=2)
    assert reconcile(kept).removed == [f"hub-quarantine/{day}/{path}"]
    assert not any(found.startswith("hub-quarantine") for found in files_on(kept))
    assert len(ids_in(kept)) == 2


def test_it_leaves_a_converted_video_alone_whose_row_was_never_written(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    (event_id,) = record(1)
    found = facts(kept, event_id)
    path = str(path_for("front", found.started_at, UUID(found.uid), FileKind.MP4))
    lay(kept, path)
    now.move(days=3)
    assert reconcile(kept).quarantined == []
    assert path in files_on(kept)


def test_it_never_enters_a_link_and_puts_it_aside_as_it_is(
    kept: Hub, record: Recorded, now: SetClock, tmp_path: Path
) -> None:
    record(2)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (kept.settings.share_root / "front" / "way-out").symlink_to(outside)
    now.move(days=2)
    assert reconcile(kept).quarantined == ["front/way-out"]
    assert (outside / "precious").read_text() == "x"
    now.move(days=9)
    reconcile(kept)
    assert (outside / "precious").read_text() == "x"


def test_it_knows_the_files_of_old_agents_by_their_event(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    record(1)
    said = Moment(uuid4(), "front", now(), 5.0, None, {"said": "x"}, {"kind": "old agent"})
    event_id = announce(kept.database, said, now()).event_id
    lay(kept, f"front/videos/{event_id}_20260301_130000_video.h264")
    lay(kept, f"front/videos/{event_id}_20260301_130000_video.h264.READY")
    now.move(days=2)
    report = reconcile(kept)
    assert (report.quarantined, report.registered) == ([], 0)


def test_it_takes_up_old_agents_events_that_the_database_has_lost_ids_and_all(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    (last,) = record(1)
    lost = last + 40
    lay(kept, f"front/videos/{lost}_20260301_130000_video.h264")
    lay(kept, f"front/pictures/{lost}_20260301_130000_a.jpg")
    assert reconcile(kept).registered == 1
    found = facts(kept, lost)
    assert found.started_at.isoformat() == "2026-03-01T12:00:00+00:00"  # Berlin's 13:00
    assert set(found.files) == {FileKind.CLIP, FileKind.STILL_A}
    assert found.stages["convert"].state == "waiting"
    (next_one,) = record(1)
    assert next_one > lost
    assert complaints(kept) == []


def test_it_takes_an_empty_share_for_a_missing_disk(
    kept: Hub, record: Recorded, now: SetClock, tmp_path: Path
) -> None:
    record(3)
    reconcile(kept)
    root = kept.settings.share_root
    for entry in list(root.iterdir()):
        if not entry.name.startswith("."):
            entry.rename(tmp_path / entry.name)
    with pytest.raises(Refused, match="empty"):
        reconcile(kept)
    (root / ".gatehouse-share").rename(tmp_path / ".gatehouse-share")
    with pytest.raises(ShareUnavailable, match="no share is mounted"):
        reconcile(kept)
    assert not facts(kept, ids_in(kept)[0]).gone


def test_it_takes_half_a_share_for_half_a_disk(kept: Hub, record: Recorded, now: SetClock) -> None:
    record(4)
    for path in sorted(paths_in(kept))[:5]:
        (kept.settings.share_root / path).unlink()
    with pytest.raises(Refused, match="5 of 8 files"):
        reconcile(kept)
    assert not any(facts(kept, number).gone for number in ids_in(kept))
    assert len(reconcile(kept, believe=True).gone) == 5


def test_it_moves_nothing_when_the_database_is_the_one_that_is_empty(
    kept: Hub, now: SetClock
) -> None:
    for number in range(9):
        lay(kept, f"front/2026-03-01/{number}.h264")
    now.move(days=2)
    with pytest.raises(Refused, match="right database"):
        reconcile(kept)
    assert len(files_on(kept)) == 9


@pytest.mark.parametrize(
    ("known", "seen", "missing", "refused"),
    [
        (0, 0, 0, False),
        (0, 9, 0, False),
        (9, 0, 9, True),
        (10, 5, 5, False),
        (10, 4, 6, True),
        (1, 5, 1, True),
    ],
)
def test_it_refuses_a_listing_that_lacks_more_than_half(
    known: int, seen: int, missing: int, refused: bool
) -> None:
    assert (refusal(known, seen, missing) is not None) is refused


def test_it_only_says_what_it_would_do_in_a_dry_run(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    first, *_others = record(3)
    path = facts(kept, first).files[FileKind.CLIP].path
    (kept.settings.share_root / path).unlink()
    lay(kept, "stray")
    lay_small(kept.settings.share_root, now())
    now.move(days=2)
    before = files_on(kept)
    report = reconcile(kept, dry_run=True)
    assert (report.registered, report.gone) == (1, [path])
    assert "stray" in report.quarantined
    assert files_on(kept) == before
    assert len(ids_in(kept)) == 3
    assert not facts(kept, first).gone


def test_it_leaves_garbage_to_retention(kept: Hub, record: Recorded, now: SetClock) -> None:
    first, *_others = record(4)
    kept.database.write(lambda session: garbage.throw_away(session, {first: "old"}, now()))
    before = files_on(kept)
    now.move(days=2)
    report = reconcile(kept)
    assert (report.registered, report.quarantined) == (0, [])
    assert files_on(kept) == before


def test_it_walks_and_compares_in_one_order_whatever_the_names(
    kept: Hub, record: Recorded, now: SetClock
) -> None:
    for name in ("a", "a_b", "aB", "A", "a0", "Z"):
        registry.register(kept.database, camera(name, name), now())
        record(2, camera_id=name)
    report = reconcile(kept)
    assert report.lines == ["0 events of the share registered"]
    assert complaints(kept) == []


@pytest.mark.parametrize(
    ("number", "spoil"),
    [
        (1, "content"),
        (1, "size"),
        (3, "file"),
        (5, "stage"),
        (7, "lease"),
        (8, "history"),
        (13, "path"),
        (15, "total"),
        (21, "row"),
    ],
)
def test_it_names_the_invariant_that_is_broken(
    kept: Hub, record: Recorded, now: SetClock, number: int, spoil: str
) -> None:
    first, _second = record(2, converted=False)
    held = kept.database.write(lambda session: claims.claim(session, Stage.CONVERT, "w", 60))
    assert held is not None
    kept.database.write(lambda session: claims.finish(session, held))
    assert complaints(kept) == []
    clip = kept.settings.share_root / facts(kept, first).files[FileKind.CLIP].path
    statements = {
        "stage": delete(EventStage).where(EventStage.event == first),
        "lease": update(EventStage).where(EventStage.event == first).values(lease_owner="me"),
        "history": update(EventStage).where(EventStage.event == first).values(state="failed"),
        "path": update(EventFile)
        .where(EventFile.event == first, EventFile.kind == "clip")
        .values(path="front/videos/9_20260301_120000_video.h264"),
        "total": update(EventTotal).values(events=7),
        "row": delete(Event).where(Event.id == first),
    }
    if spoil == "content":
        clip.write_bytes(b"\1" * clip.stat().st_size)
    elif spoil == "size":
        os.truncate(clip, 5)
    elif spoil == "file":
        clip.unlink()
    else:
        kept.database.write(lambda session: session.execute(statements[spoil]))
    if spoil == "row":
        kept.database.write(
            lambda session: session.execute(text("UPDATE event_total SET events = 1"))
        )
    assert f"{number}:" in complaints(kept)[0]
