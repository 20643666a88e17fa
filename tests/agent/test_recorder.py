"""The recorder: never blind, never a gap, every clip from a keyframe."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.motion.verdict import Verdict
from agent.recorder import (
    Action,
    Close,
    Open,
    Recorder,
    RecorderSettings,
    StillName,
    TakeStill,
    Write,
)
from agent.sources.base import Packet

FRAME_US = 100_000
SETTINGS = RecorderSettings(pre_roll_s=3, post_roll_s=3, quiet_s=1.5, max_clip_s=10)


@dataclass
class Clip:
    """What the recorder did with one clip."""

    opened: Open
    packets: list[Packet] = field(default_factory=list)
    stills: list[StillName] = field(default_factory=list)
    closed: Close | None = None


def record(
    motion: list[bool], *, lag: int = 6, gop: int = 10, told: RecorderSettings = SETTINGS
) -> list[Clip]:
    """Play frames to a recorder, as a detector that decides `lag` frames late would."""
    recorder = Recorder(told)
    clips: dict[int, Clip] = {}
    onset: int | None = None

    def act(actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Open):
                clips[action.clip] = Clip(action)
            elif isinstance(action, Write):
                assert clips[action.clip].closed is None
                clips[action.clip].packets.append(action.packet)
            elif isinstance(action, TakeStill):
                clips[action.clip].stills.append(action.name)
            else:
                clips[action.clip].closed = action

    for number, moving in enumerate(motion):
        at = number * FRAME_US
        act(recorder.packet(Packet(b"x", at, at, number % gop == 0)))
        onset = (at if onset is None else onset) if moving else None
        decided = onset is not None and at - onset >= lag * FRAME_US
        act(recorder.verdict(Verdict(at, decided, onset if decided else None, score=1.0 + number)))
    act(recorder.end())
    return list(clips.values())


def frames(*parts: tuple[bool, float]) -> list[bool]:
    """Return frames of motion or quiet, given in seconds."""
    return [moving for moving, seconds in parts for _ in range(round(seconds * 10))]


def test_it_begins_before_the_motion_at_a_keyframe_and_ends_after_it() -> None:
    (clip,) = record(frames((False, 8), (True, 4), (False, 8)))
    assert clip.packets[0].keyframe
    assert clip.opened.since_us == 8_000_000
    assert 4_000_000 <= clip.packets[0].pts_us <= 5_000_000
    assert clip.packets[0].pts_us == clip.opened.started_us
    assert 14_500_000 <= clip.packets[-1].pts_us <= 15_100_000


def test_it_takes_both_stills_even_of_a_short_motion() -> None:
    (clip,) = record(frames((False, 8), (True, 1), (False, 8)))
    assert {StillName.A, StillName.B} <= set(clip.stills)


def test_it_makes_two_linked_segments_of_two_passages_close_together() -> None:
    one, two = record(frames((False, 8), (True, 3), (False, 2), (True, 3), (False, 8)))
    assert (two.opened.segment, two.opened.previous) == (2, one.opened.clip)
    assert two.opened.since_us == 13_000_000
    assert two.packets[0].pts_us <= one.packets[-1].pts_us + FRAME_US


def test_it_makes_one_event_of_a_short_pause() -> None:
    assert len(record(frames((False, 8), (True, 3), (False, 0.5), (True, 3), (False, 8)))) == 1


def test_it_cuts_long_motion_at_keyframes_without_losing_or_doubling_a_packet() -> None:
    clips = record(frames((False, 8), (True, 35), (False, 8)))
    assert len(clips) == 4
    for before, after in zip(clips, clips[1:], strict=False):
        assert after.packets[0].keyframe
        assert after.packets[0].pts_us == before.packets[-1].pts_us + FRAME_US
        assert after.opened.previous == before.opened.clip
    assert [clip.opened.segment for clip in clips] == [1, 2, 3, 4]


def test_it_records_motion_that_follows_an_event_directly() -> None:
    clips = record(frames((False, 8), (True, 3), (False, 4), (True, 3), (False, 8)))
    assert [clip.opened.segment for clip in clips] == [1, 1]
    assert clips[1].packets[0].pts_us <= 15_000_000 - 3_000_000


def test_it_stops_when_the_detector_has_died() -> None:
    recorder = Recorder(SETTINGS)
    actions: list[Action] = []
    for number in range(400):
        at = number * FRAME_US
        actions += recorder.packet(Packet(b"x", at, at, number % 10 == 0))
        if number < 60:
            actions += recorder.verdict(
                Verdict(at, number > 50, 5_000_000 if number > 50 else None)
            )
    assert isinstance(actions[-1], Close)
    assert sum(isinstance(action, Open) for action in actions) <= 2


MOTION = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=12).map(
    lambda parts: [moving for moving, length in parts for _ in range(length)]
)


@settings(max_examples=150, deadline=None)
@given(MOTION, st.integers(1, 15), st.sampled_from([5, 10, 25]))
def test_it_never_loses_a_frame_of_motion(motion: list[bool], lag: int, gop: int) -> None:
    clips = record(motion, lag=lag, gop=gop)
    kept = {packet.pts_us for clip in clips for packet in clip.packets}
    run = 0
    for number, moving in enumerate([*motion, False]):
        run = run + 1 if moving else 0
        if run > lag:  # decided: everything since its onset must be there
            for back in range(run):
                assert (number - back) * FRAME_US in kept
    for clip in clips:
        assert clip.packets[0].keyframe
        assert clip.closed is not None
        times = [packet.dts_us for packet in clip.packets]
        assert times == sorted(set(times))


@settings(max_examples=100, deadline=None)
@given(MOTION)
def test_it_joins_linked_segments_without_a_gap(motion: list[bool]) -> None:
    clips = {clip.opened.clip: clip for clip in record(motion)}
    for clip in clips.values():
        if clip.opened.previous is not None:
            before = clips[clip.opened.previous]
            assert clip.packets[0].pts_us <= before.packets[-1].pts_us + FRAME_US
