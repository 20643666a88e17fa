"""The detector on the synthetic scene, whose truth is known: passages found, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from agent.motion.detector import MotionDetector
from agent.motion.verdict import MotionSettings, Verdict, Zone
from agent.sources import codec
from agent.sources.base import LumaFrame
from agent.sources.scene import Scene

START_US = 5_000_000
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
SKY = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.15), (0.0, 0.15))


def watch(
    scene: Scene, seconds: float, rate: float = 10, settings: MotionSettings | None = None
) -> list[Verdict]:
    detector = MotionDetector(settings)
    found = []
    for number in range(round(seconds * rate)):
        at = number / rate
        luma = codec.picture_of(scene.picture(at), 0).luma()
        found.append(detector.observe(LumaFrame(luma, START_US + round(at * 1e6))))
    return found


def onsets(verdicts: list[Verdict]) -> list[float]:
    """Return when motion began, in seconds; a pause under 1.5 s is none."""
    found: list[float] = []
    last = -(10**12)
    for verdict in verdicts:
        if verdict.moving and verdict.since_us is not None:
            if verdict.at_us - last > 1_500_000:
                found.append((verdict.since_us - START_US) / 1e6)
            last = verdict.at_us
    return found


@pytest.mark.parametrize("rate", [5, 10, 15])
def test_it_dates_every_passage_by_its_beginning_at_any_frame_rate(rate: float) -> None:
    scene = Scene(7)
    due = [passage.start_s for passage in scene.passages if passage.start_s < 60]
    found = onsets(watch(scene, 64, rate))
    assert len(found) == len(due)
    for there, begun in zip(found, due, strict=True):
        assert there == pytest.approx(begun, abs=1.0)


def test_it_sees_nothing_in_clouds_noise_and_a_lamp_that_is_switched() -> None:
    scene = Scene(7)
    scene.passages = ()
    verdicts = watch(scene, 90)
    assert not any(verdict.moving for verdict in verdicts)


def test_it_sees_nothing_when_the_lights_go_off_and_on() -> None:
    scene = Scene(3)
    scene.passages = ()
    detector = MotionDetector()
    for number in range(200):
        luma = codec.picture_of(scene.picture(number / 10), 0).luma()
        dark = 60 <= number < 120
        frame = (luma.astype(np.float32) * (0.25 if dark else 1.0)).astype(np.uint8)
        verdict = detector.observe(LumaFrame(frame, START_US + number * 100_000))
        assert not verdict.moving, number


def test_it_sees_nothing_when_the_camera_shakes() -> None:
    scene = Scene(3)
    scene.passages = ()
    detector = MotionDetector()
    chance = np.random.default_rng(1)
    for number in range(150):
        shift = int(chance.integers(-6, 7)) if 60 < number < 110 else 0
        rgb = np.roll(scene.picture(number / 10), shift, axis=1)
        frame = LumaFrame(codec.picture_of(rgb, 0).luma(), START_US + number * 100_000)
        assert not detector.observe(frame).moving, number


def walker() -> Scene:
    scene = Scene(7)
    first = next(passage for passage in scene.passages if passage.kind == "walker")
    scene.passages = (replace(first, start_s=4.0, end_s=10.0),)
    return scene


def test_it_says_where_it_moved_and_why_it_thinks_so() -> None:
    moving = [verdict for verdict in watch(walker(), 9) if verdict.moving]
    last = moving[-1]
    at = (last.at_us - START_US) / 1e6
    (truth,) = walker().truth(at)
    box = max(last.boxes, key=lambda one: one.w * one.h)
    assert box.x - 0.08 < truth.x + truth.w / 2 < box.x + box.w + 0.08
    assert last.score > 0
    assert 0 < last.confidence <= 100
    assert "moved" in last.reason


def test_it_ignores_what_moves_behind_a_mask() -> None:
    masked = MotionSettings(masks=(EVERYWHERE,))
    assert not any(verdict.moving for verdict in watch(walker(), 11, settings=masked))


def test_it_counts_only_what_touches_a_zone_and_names_it() -> None:
    sky = MotionSettings(zones=(Zone("sky", SKY),))
    assert not any(verdict.moving for verdict in watch(walker(), 11, settings=sky))
    all_of_it = MotionSettings(zones=(Zone("sky", SKY), Zone("garden", EVERYWHERE)))
    moving = [v for v in watch(walker(), 11, settings=all_of_it) if v.moving]
    assert moving
    assert {zone for verdict in moving for zone in verdict.zones} == {"garden"}
    assert "garden" in moving[-1].reason


def test_it_ignores_what_is_smaller_than_the_owner_wants() -> None:
    large = MotionSettings(minimum_area=0.2)
    assert not any(verdict.moving for verdict in watch(walker(), 11, settings=large))


def test_it_takes_other_settings_while_it_runs() -> None:
    detector = MotionDetector()
    scene = walker()
    moving = []
    for number in range(100):
        if number == 60:
            detector.apply(MotionSettings(masks=(EVERYWHERE,)))
        luma = codec.picture_of(scene.picture(number / 10), 0).luma()
        verdict = detector.observe(LumaFrame(luma, START_US + number * 100_000))
        moving.append(verdict.moving)
    assert any(moving[:60])
    assert not any(moving[70:])


def test_it_starts_anew_after_a_gap_or_with_another_picture_size() -> None:
    detector = MotionDetector()
    small = np.full((90, 160), 100, np.uint8)
    assert detector.observe(LumaFrame(small, 0)).suppressed == "learning"
    assert detector.observe(LumaFrame(small, 60_000_000)).suppressed == "learning"
    large = np.full((240, 320), 10, np.uint8)
    assert detector.observe(LumaFrame(large, 60_100_000)).suppressed == "learning"
