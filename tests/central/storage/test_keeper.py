"""Retention on real files and rows: what goes, in what order, and what a preview promises."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from central.cameras import registry
from central.context import Hub
from central.events import totals
from central.events.query import by_uid
from central.storage import garbage, rules
from central.storage.keeper import keep, outlook, preview
from central.storage.retention import Rule
from database.models import Camera, Change, Event, EventStage, Garbage, StageHistory
from nfs.share import ShareUnavailable, make_share
from tests.central.conftest import SetClock
from tests.central.storage.conftest import Recorded, files_on, ids_in, paths_in
from tests.fakes.events import camera


def give_rule(hub: Hub, days: float | None, size_bytes: int | None = None) -> None:
    hub.database.write(lambda session: rules.put(session, "front", days, size_bytes, hub.clock()))


def garbage_in(hub: Hub) -> int:
    with hub.database.reading() as session:
        return garbage.pending(session)


def test_it_removes_old_events_with_all_their_files_and_counts_them(
    kept: Hub, record: Recorded
) -> None:
    old, young = record(3), record(2, kept.clock() - timedelta(days=1))
    give_rule(kept, 5)
    done = keep(kept)
    assert done.events == 3
    assert ids_in(kept) == young
    manifests = {path for path in files_on(kept) if path.endswith("manifest.json")}
    assert len(manifests) == 2
    assert files_on(kept) - manifests == paths_in(kept)
    assert garbage_in(kept) == 0
    with kept.database.reading() as session:
        assert totals.total(session) == 2
        assert not session.scalars(select(EventStage).where(EventStage.event.in_(old))).all()
        assert not session.scalars(select(StageHistory).where(StageHistory.event.in_(old))).all()
        hints = session.execute(select(Change.ref).where(Change.verb == "end")).scalars().all()
    assert sorted(hints) == old


def test_it_removes_the_folders_of_days_that_are_over(kept: Hub, record: Recorded) -> None:
    record(1)
    give_rule(kept, 5)
    keep(kept)
    assert [path.name for path in (kept.settings.share_root / "front").iterdir()] == []


@pytest.mark.parametrize("setting", [(3.0, None), (None, 60_000), (7.6, 90_000), (None, None)])
def test_it_removes_exactly_what_the_preview_of_a_setting_shows(
    kept: Hub, record: Recorded, setting: tuple[float | None, int | None]
) -> None:
    everything = record(12) + record(4, kept.clock() - timedelta(days=1))
    with kept.database.reading() as session:
        key = registry.known(session, "front").id
    shown = preview(kept, {key: rules.rule(*setting)})
    assert ids_in(kept) == everything
    give_rule(kept, *setting)
    keep(kept)
    promised = {one.event_id for one in shown.doomed}
    assert set(ids_in(kept)) == set(everything) - promised
    assert bool(promised) == (setting != (None, None))


def test_it_leaves_what_was_claimed_after_the_plan_was_made(kept: Hub, record: Recorded) -> None:
    first, second = record(2)
    claimed = update(EventStage).where(EventStage.event == first).values(state="claimed")
    kept.database.write(lambda session: session.execute(claimed))
    give_rule(kept, 1)
    assert keep(kept).staying == {"being worked on": 1}
    assert ids_in(kept) == [first]
    assert second not in ids_in(kept)


def test_it_goes_on_where_an_earlier_round_was_cut(kept: Hub, record: Recorded) -> None:
    ids = record(3)
    now = kept.clock()
    kept.database.write(
        lambda session: garbage.throw_away(session, {number: "cut" for number in ids}, now)
    )
    assert ids_in(kept) == []
    assert len(files_on(kept)) == 9
    assert keep(kept).events == 0
    assert files_on(kept) == set()
    assert garbage_in(kept) == 0


def test_it_removes_nothing_from_another_share_or_an_empty_mount_point(
    kept: Hub, record: Recorded, tmp_path: Path
) -> None:
    record(2)
    keep(kept)
    give_rule(kept, 1)
    root = kept.settings.share_root
    root.rename(tmp_path / "away")
    root.mkdir()
    with pytest.raises(ShareUnavailable, match="no share is mounted"):
        keep(kept)
    make_share(root)
    with pytest.raises(ShareUnavailable, match="another share"):
        keep(kept)
    assert len(ids_in(kept)) == 2
    root.joinpath(".gatehouse-share").unlink()
    root.rmdir()
    (tmp_path / "away").rename(root)
    assert keep(kept).events == 2


def test_it_lets_one_stubborn_file_keep_no_other(kept: Hub, record: Recorded) -> None:
    record(2)
    give_rule(kept, 1)
    stubborn = sorted(files_on(kept))[0]
    place = kept.settings.share_root / stubborn
    place.unlink()
    place.mkdir()  # what cannot be unlinked
    (place / "x").touch()
    keep(kept)
    assert files_on(kept) == {f"{stubborn}/x"}
    with kept.database.reading() as session:
        assert session.scalars(select(Garbage.path)).all() == [stubborn]


def test_it_never_follows_a_link_out_of_the_share(
    kept: Hub, record: Recorded, tmp_path: Path
) -> None:
    record(1)
    give_rule(kept, 1)
    day = next((kept.settings.share_root / "front").iterdir())
    outside = tmp_path / "outside"
    day.rename(outside)
    day.symlink_to(outside)
    keep(kept)
    assert len(list(outside.iterdir())) == 3


def test_it_forgets_the_rule_with_the_camera_and_events_nobody_has(
    kept: Hub, record: Recorded
) -> None:
    give_rule(kept, 3, 10)
    with kept.database.reading() as session:
        key = registry.known(session, "front").id
        assert rules.of_cameras(session)[key] == Rule(timedelta(days=3), 10)
    give_rule(kept, None)
    with kept.database.reading() as session:
        assert rules.of_cameras(session) == {}
        assert by_uid(session, "nobody") is None


def test_it_foretells_how_long_the_room_lasts(kept: Hub, record: Recorded, clock: SetClock) -> None:
    space, quiet = outlook(kept)
    assert quiet.days_left is None
    record(48, clock() - timedelta(days=2), size_bytes=100_000)
    _space, busy = outlook(kept)
    assert busy.bytes_per_day == pytest.approx(24 * 100_007, rel=0.05)
    spare = space.free_bytes - 0.1 * space.total_bytes
    assert busy.days_left == pytest.approx(max(0.0, spare) / busy.bytes_per_day, rel=0.05)


def test_it_takes_two_cameras_apart(kept: Hub, record: Recorded) -> None:
    registry.register(kept.database, camera("yard", "Yard"), kept.clock())
    record(2)
    yard = record(2, camera_id="yard")
    give_rule(kept, 1)
    keep(kept)
    assert ids_in(kept) == yard
    with kept.database.reading() as session:
        keys = dict(session.execute(select(Camera.camera_id, Camera.id)).all())
        assert totals.total(session, [keys["front"]]) == 0
        assert totals.total(session, [keys["yard"]]) == 2
        assert session.scalar(select(Event.camera).limit(1)) == keys["yard"]
