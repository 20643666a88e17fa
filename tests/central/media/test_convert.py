"""Converting real clips: exact times, checked results, honest failures, nothing half done."""

import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from central.cameras import registry
from central.context import Hub
from central.events import query, register
from central.events.query import EventFacts
from central.media.child import Child, ChildFailed
from central.media.convert import Converter
from central.stages import claims
from central.stages.lifecycle import MAX_ATTEMPTS, IllegalMove, Stage
from central.stages.runner import Worker
from database.engine import database_now
from database.models import EventStage
from nfs import timing
from nfs.layout import FileKind
from nfs.manifest import Manifest
from tests.fakes.events import NOON, camera, encoded, lay_on_share


def convert(hub: Hub, *said: Manifest) -> list[EventFacts]:
    """Register the events, convert until nothing is left to try, return what stands then."""
    import threading

    registry.register(hub.database, camera(), NOON)
    ids = [register.register(hub.database, one, NOON).event_id for one in said]
    converter = Converter(hub)
    worker = Worker(hub.database, Stage.CONVERT, "test", converter, 60)
    for _ in range(MAX_ATTEMPTS):
        worker.run_until_dry(threading.Event())
        hub.database.write(
            lambda s: s.execute(update(EventStage).values(not_before=database_now(s)))
        )
    converter.close()
    with hub.database.reading() as session:
        found = [query.one(session, key) for key in ids]
    return [facts for facts in found if facts is not None]


def probe(path: Path) -> dict[str, list[dict[str, str]]]:
    command = ["ffprobe", "-v", "error", "-show_packets", "-show_streams", "-of", "json"]
    out = subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=60)
    found: dict[str, list[dict[str, str]]] = json.loads(out.stdout)
    return found


def test_it_makes_an_mp4_with_exactly_the_recorded_times(hub: Hub) -> None:
    _, units = encoded()
    # A camera that stutters: 5 to 15 frames/s, and a hole of two seconds.
    times, at = [], 0
    for number, _ in enumerate(units):
        times.append(at)
        at += 2_000_000 if number == 20 else 66_667 + 13_333 * (number % 10)
    stuttering = [
        timing.AccessUnit(t, t, unit.size_bytes, unit.keyframe)
        for t, unit in zip(times, units, strict=True)
    ]
    lines = b"".join(timing.line_of(unit) for unit in stuttering)
    (facts,) = convert(hub, lay_on_share(hub.settings.share_root, timing_lines=lines))
    mp4 = hub.settings.share_root / facts.files[FileKind.MP4].path
    packets = probe(mp4)["packets"]
    assert facts.stages["convert"].state == "done"
    assert len(packets) == len(units)
    assert packets[0]["flags"].startswith("K")
    for packet, due in zip(packets, times, strict=True):
        assert abs(float(packet["pts_time"]) - due / 1e6) < 0.001
    assert (hub.settings.share_root / facts.files[FileKind.POSTER].path).read_bytes()[
        :2
    ] == b"\xff\xd8"
    assert not list(hub.settings.share_root.rglob("*.part"))


def test_it_plays_an_old_agents_clip_at_its_cameras_frame_rate(hub: Hub) -> None:
    said = lay_on_share(hub.settings.share_root)
    without = [entry for entry in said.files if entry.kind is not FileKind.TIMING]
    (facts,) = convert(hub, said.model_copy(update={"files": without}))
    packets = probe(hub.settings.share_root / facts.files[FileKind.MP4].path)["packets"]
    gap = float(packets[1]["pts_time"]) - float(packets[0]["pts_time"])
    assert gap == pytest.approx(1 / 15, abs=0.001)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (b"", "the clip is empty"),
        (encoded()[0][:5000], "describes"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "describes"),
        (b"\0" * len(encoded()[0]), "clip"),
    ],
    ids=["empty", "cut off", "playlist", "zeros"],
)
def test_it_fails_a_bad_clip_with_its_reason_and_holds_nobody_up(
    hub: Hub, clip: bytes, reason: str
) -> None:
    root = hub.settings.share_root
    bad, good = convert(hub, lay_on_share(root, clip=clip), lay_on_share(root))
    assert bad.stages["convert"].state == "failed"
    assert reason in (bad.stages["convert"].last_error or "")
    assert FileKind.MP4 not in bad.files
    assert good.stages["convert"].state == "done"
    assert not list(root.rglob("*.part"))
    assert (root / bad.files[FileKind.CLIP].path).read_bytes() == clip  # the source stays


def test_it_makes_no_video_of_another_cameras_clip(hub: Hub, tmp_path: Path) -> None:
    root = hub.settings.share_root
    theirs = root / lay_on_share(root, camera_id="cellar").files[0].path
    for lead in ("symlink_to", "hardlink_to"):
        said = lay_on_share(root)
        clip = root / said.files[0].path
        clip.unlink()
        getattr(clip, lead)(theirs)
        (facts,) = convert(hub, said)
        assert facts.stages["convert"].state == "failed"
        assert "no plain file" in (facts.stages["convert"].last_error or "")
        assert FileKind.MP4 not in facts.files


def test_it_says_so_when_the_clip_is_gone(hub: Hub) -> None:
    said = lay_on_share(hub.settings.share_root)
    (hub.settings.share_root / said.files[0].path).unlink()
    (facts,) = convert(hub, said)
    assert facts.stages["convert"].last_error == "the clip is not on the share"


def test_it_ends_a_child_that_hangs(tmp_path: Path) -> None:
    child = Child("tests.fakes.hanging_child", timeout_s=0.5)
    with pytest.raises(ChildFailed, match="hung"):
        child.ask({})
    child.close()


def test_it_survives_a_child_that_dies_and_starts_another(tmp_path: Path) -> None:
    child = Child("tests.fakes.dying_child", timeout_s=10)
    for _ in range(2):
        with pytest.raises(ChildFailed, match="died"):
            child.ask({"x": 1})
    child.close()


def test_it_records_nothing_for_a_claim_that_was_lost_meanwhile(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    register.register(hub.database, lay_on_share(hub.settings.share_root), NOON)
    converter = Converter(hub)
    held = hub.database.write(lambda s: claims.claim(s, Stage.CONVERT, "slow", -1))
    assert held is not None
    record = converter(held)
    hub.database.write(claims.expire)

    def settle(session: Session) -> None:
        record(session)
        claims.finish(session, held)

    with pytest.raises(IllegalMove):
        hub.database.write(settle)
    converter.close()
    with hub.database.reading() as session:
        facts = query.one(session, held.event_id)
    assert facts is not None
    assert FileKind.MP4 not in facts.files
