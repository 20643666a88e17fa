"""From a camera's callbacks to whole events in the spool, whatever disk and camera do."""

import errno
from pathlib import Path

import pytest

from agent.motion.detector import MotionDetector
from agent.motion.verdict import Verdict
from agent.pipeline import Pipeline
from agent.recorder import Recorder, RecorderSettings
from agent.sealing import read_manifest
from agent.sources.base import LumaFrame, Packet
from agent.spool import OpenEvent, Spool
from nfs import timing
from nfs.layout import AGENT_NAMES, FileKind
from nfs.manifest import Manifest
from tests.fakes.source import FRAME_US, FakeSource, scene

ONE_VISIT = scene((False, 8), (True, 4), (False, 8))
SETTINGS = RecorderSettings(pre_roll_s=3, post_roll_s=3, quiet_s=1.5, max_clip_s=10)


def watch(folder: Path, source: FakeSource, spool: Spool | None = None) -> Pipeline:
    """Let a camera play to its end, stop it, and return the pipeline."""
    pipeline = Pipeline(
        "front",
        source,
        MotionDetector(),
        Recorder(SETTINGS),
        spool or Spool(folder / "spool", "front", 10**9),
        lambda: None,
    )
    pipeline.start()
    assert source.played.wait(30)
    pipeline.stop()
    return pipeline


def events(folder: Path) -> list[tuple[Path, Manifest]]:
    spool = Spool(folder / "spool", "front", 10**9)
    return [(path, read_manifest(path)) for path in spool.complete()]


def test_it_makes_a_whole_event_of_one_visit(tmp_path: Path) -> None:
    source = FakeSource(ONE_VISIT)
    pipeline = watch(tmp_path, source)
    ((folder, said),) = events(tmp_path)
    assert (pipeline.drops.luma, pipeline.drops.packets) == (0, 0)
    assert said.clip is not None
    units = timing.read((folder / AGENT_NAMES[FileKind.TIMING]).read_bytes())
    assert units[0].keyframe
    assert units[0].dts_us == 0
    first = next(
        number
        for number, packet in enumerate(source.pushed)
        if packet.data == (folder / AGENT_NAMES[FileKind.CLIP]).read_bytes()[:200]
    )
    kept = b"".join(p.data for p in source.pushed[first : first + said.clip.packets])
    assert (folder / AGENT_NAMES[FileKind.CLIP]).read_bytes() == kept
    assert (said.timestamp - said.clip_started_at).total_seconds() >= 3
    assert abs(said.timestamp.timestamp() - 1_770_000_000 - 8) < 1
    assert said.clip_started_at.timestamp() == 1_770_000_000 + first * FRAME_US / 1e6
    assert {entry.kind for entry in said.files} == {
        FileKind.CLIP,
        FileKind.TIMING,
        FileKind.STILL_A,
        FileKind.STILL_B,
        FileKind.THUMBNAIL,
    }


def test_it_links_the_segments_of_long_motion_by_their_uids(tmp_path: Path) -> None:
    watch(tmp_path, FakeSource(scene((False, 8), (True, 25), (False, 8))))
    said = [manifest for _, manifest in events(tmp_path)]
    assert len(said) >= 2
    for before, after in zip(said, said[1:], strict=False):
        assert after.segment.previous_uid == before.uid
        assert after.segment.index == before.segment.index + 1
        assert after.clip_started_at == before.ended_at
        assert after.trigger.peak_at >= after.clip_started_at - (before.ended_at - before.timestamp)


def test_it_closes_what_runs_when_the_camera_fails(tmp_path: Path) -> None:
    pipeline = watch(tmp_path, FakeSource(scene((False, 8), (True, 3)), fails="unplugged"))
    assert pipeline.failed.is_set()
    assert pipeline.reason == "unplugged"
    ((_, said),) = events(tmp_path)
    assert said.clip is not None
    assert not said.salvaged


def test_it_closes_what_runs_when_it_is_stopped(tmp_path: Path) -> None:
    watch(tmp_path, FakeSource(scene((False, 8), (True, 3))))
    assert len(events(tmp_path)) == 1


def test_it_records_without_stills_when_the_camera_gives_none(tmp_path: Path) -> None:
    source = FakeSource(ONE_VISIT)
    source.broken_stills = True
    watch(tmp_path, source)
    ((_, said),) = events(tmp_path)
    assert {entry.kind for entry in said.files} == {FileKind.CLIP, FileKind.TIMING}


class FullDisk(Spool):
    """A spool whose disk is full from the n-th packet of each event on."""

    def open(self, *told: object) -> OpenEvent:
        event = super().open(*told)  # type: ignore[arg-type]
        event.__class__ = FullEvent
        return event


class FullEvent(OpenEvent):
    def write(self, packet: Packet) -> None:
        if not self._broken and self._clip.tell() > 200 * 50:
            self._break_off()
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(packet)


def test_it_keeps_what_was_recorded_before_the_disk_was_full(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch(tmp_path, FakeSource(ONE_VISIT), FullDisk(tmp_path / "spool", "front", 10**9))
    ((_, said),) = events(tmp_path)
    assert said.salvaged
    assert said.clip is not None
    assert said.clip.packets == 51
    assert sum("cannot be written" in line for line in caplog.messages) == 1


class DyingDetector(MotionDetector):
    """Breaks upon its hundredth frame, as a bug would."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 100

    def observe(self, frame: LumaFrame) -> Verdict:
        self._left -= 1
        if self._left == 0:
            raise ZeroDivisionError("a bug")
        return super().observe(frame)


def test_it_closes_what_runs_and_says_so_when_the_detector_breaks(tmp_path: Path) -> None:
    source = FakeSource(scene((False, 6), (True, 8)))
    pipeline = Pipeline(
        "front",
        source,
        DyingDetector(),
        Recorder(SETTINGS),
        Spool(tmp_path / "spool", "front", 10**9),
        lambda: None,
    )
    pipeline.start()
    assert pipeline.failed.wait(30)
    assert "a bug" in pipeline.reason
    pipeline.stop()
    ((_, said),) = events(tmp_path)
    assert said.clip is not None
