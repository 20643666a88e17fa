"""The pipeline: a source's callbacks become events in the spool, also when disk or camera fail."""

import errno
from pathlib import Path

import pytest

from agent.inbox import LUMA_FRAMES
from agent.pipeline import Pipeline
from agent.recorder import Recorder, RecorderSettings
from agent.sealing import read_manifest
from agent.sources.base import LumaFrame, Packet, Sink
from agent.sources.scene import Scene
from agent.spool import Spool
from nfs.layout import FileKind
from tests.fakes.house import wait_for
from tests.fakes.scripted import ScriptedDetector, ScriptedSource


def watch(spool: Spool, moving: range, frames: int = 120) -> tuple[Pipeline, ScriptedSource]:
    """Push frames through a pipeline whose detector sees motion in the frames of `moving`."""
    source = ScriptedSource()
    pipeline = Pipeline(
        "front",
        source,
        ScriptedDetector(moving),
        Recorder(RecorderSettings(pre_roll_s=1, post_roll_s=1, quiet_s=0.5)),
        spool,
        lambda: None,
    )
    pipeline.start()
    source.push(frames)
    return pipeline, source


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", "front", 10**9)


def test_it_makes_a_whole_event_of_motion(spool: Spool) -> None:
    pipeline, _ = watch(spool, range(40, 70))
    pipeline.stop()
    (folder,) = spool.complete()
    said = read_manifest(folder)
    assert said.clip is not None
    assert said.clip.packets >= 50
    assert {FileKind.STILL_A, FileKind.STILL_B, FileKind.THUMBNAIL} <= {e.kind for e in said.files}
    assert said.trigger.reason == "scripted"
    assert said.motion_score == 69.0
    assert (said.timestamp - said.clip_started_at).total_seconds() == pytest.approx(1, abs=0.2)
    assert said.clip_started_at <= said.trigger.peak_at <= said.ended_at


def test_it_closes_what_is_being_recorded_when_it_is_stopped(spool: Spool) -> None:
    pipeline, _ = watch(spool, range(40, 500), frames=80)
    pipeline.stop()
    assert len(spool.complete()) == 1


def test_it_closes_what_is_being_recorded_when_the_camera_fails(spool: Spool) -> None:
    pipeline, source = watch(spool, range(40, 500), frames=80)
    source.fail("unplugged")
    wait_for(pipeline.failed.is_set, 5, "the failure is not noticed")
    assert pipeline.reason == "unplugged"
    pipeline.stop()
    assert len(spool.complete()) == 1


def test_it_goes_on_with_the_next_event_when_the_disk_was_full(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy, calls = spool.open, 0

    def sometimes_full(*told: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return healthy(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(spool, "open", sometimes_full)
    pipeline, source = watch(spool, range(40, 60), frames=160)
    pipeline.stop()
    assert spool.complete() == []
    again = Pipeline(
        "front",
        source,
        ScriptedDetector(range(40, 60)),
        Recorder(RecorderSettings(pre_roll_s=1, post_roll_s=1, quiet_s=0.5)),
        spool,
        lambda: None,
    )
    again.start()
    source.push(160)
    again.stop()
    assert len(spool.complete()) == 1


def test_it_drops_and_counts_luma_it_cannot_look_at_but_never_packets(spool: Spool) -> None:
    source = ScriptedSource()
    pipeline = Pipeline(
        "front", source, ScriptedDetector(range(0)), Recorder(), spool, lambda: None
    )
    sink: Sink = pipeline
    picture = Scene(1).picture(0)[::4, ::4, 0].copy()
    for number in range(LUMA_FRAMES + 5):  # not started: nobody takes them
        sink.on_luma(LumaFrame(picture, number))
        sink.on_packet(Packet(b"x", number, number, True))
    assert (pipeline.drops.luma, pipeline.drops.packets) == (5, 0)
