"""When stills are taken, what a segment says of itself, and pictures out of order (B-frames)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.motion.verdict import Verdict
from agent.recorder import Action, Close, Open, Recorder, RecorderSettings, TakeStill, Write
from agent.ring import Ring
from agent.sources.base import Packet

FRAME_US = 100_000
SETTINGS = RecorderSettings(pre_roll_s=3, post_roll_s=3, quiet_s=1.5, max_clip_s=10)


def stills(scores: list[float | None], since: int = 20) -> list[tuple[str, int]]:
    """Return which stills are taken at which frame; a score of None is a frame without motion."""
    recorder = Recorder(SETTINGS)
    taken: list[tuple[str, int]] = []
    for number, score in enumerate(scores):
        at = number * FRAME_US
        actions = recorder.packet(Packet(b"x", at, at, number % 10 == 0))
        moving = score is not None
        actions += recorder.verdict(
            Verdict(at, moving, since * FRAME_US if moving else None, score=score or 0.0)
        )
        taken += [(a.name.value, number) for a in actions if isinstance(a, TakeStill)]
    return taken


def test_it_takes_a_at_the_decision_and_b_two_seconds_after_it_not_after_the_onset() -> None:
    assert stills([None] * 40 + [1.0] * 40, since=10) == [("still_a", 40), ("still_b", 60)]


def test_it_takes_a_again_when_clearly_more_moves_but_at_most_once_a_second() -> None:
    rising = [1.0 * 1.3 ** (n // 2) for n in range(30)]
    again = [at for name, at in stills([None] * 40 + rising) if name == "still_a"]
    assert again[0] == 40
    assert len(again) >= 3
    assert all(late - early >= 10 for early, late in zip(again, again[1:], strict=False))


def test_it_takes_b_as_soon_as_a_short_motion_pauses() -> None:
    assert stills([None] * 40 + [1.0] * 5 + [None] * 80) == [("still_a", 40), ("still_b", 45)]


def test_it_takes_b_again_when_the_motion_comes_back_after_a_pause() -> None:
    taken = stills([None] * 40 + [1.0] * 5 + [None] * 3 + [1.0] * 30)
    assert [entry for entry in taken if entry[0] == "still_b"] == [("still_b", 45), ("still_b", 60)]


def test_it_gives_each_segment_of_long_motion_a_peak_of_its_own() -> None:
    recorder = Recorder(SETTINGS)
    actions: list[Action] = []
    for number in range(400):
        at = number * FRAME_US
        actions += recorder.packet(Packet(b"x", at, at, number % 10 == 0))
        score = 9.0 if number == 45 else 2.0
        moving = number >= 40
        actions += recorder.verdict(Verdict(at, moving, 4_000_000 if moving else None, score))
    actions += recorder.end()
    opened = {a.clip: a for a in actions if isinstance(a, Open)}
    closed = [a for a in actions if isinstance(a, Close)]
    assert len(closed) > 2
    assert closed[0].peak.score == 9.0
    for close in closed[1:]:
        assert close.peak.score == 2.0
        assert close.peak.at_us >= opened[close.clip].since_us - FRAME_US


def test_it_opens_no_segment_for_motion_that_has_just_stopped() -> None:
    recorder = Recorder(SETTINGS)
    actions: list[Action] = []
    for number in range(250):
        at = number * FRAME_US
        actions += recorder.packet(Packet(b"x", at, at, number % 10 == 0))
        moving = 40 <= number <= 105  # the clip began at 0 or 10, and may be 10 s long
        actions += recorder.verdict(Verdict(at, moving, 4_000_000 if moving else None, 1.0))
    assert sum(isinstance(action, Open) for action in actions) == 1


def coded(groups: int, gop: int, b_frames: int, *, open_gop: bool) -> list[Packet]:
    """Return packets in decode order, with B-frames; with open groups some are shown before
    the keyframe that they follow in the stream.
    """
    order: list[tuple[int, bool]] = []
    for group in range(groups):
        first = group * gop
        leading = b_frames if open_gop and group else 0
        order.append((first, True))
        order += [(first - back, False) for back in range(leading, 0, -1)]
        last = first + gop - (b_frames if open_gop and group < groups - 1 else 0)
        shown = list(range(first + 1, last))
        while shown:
            part, shown = shown[: b_frames + 1], shown[b_frames + 1 :]
            order += [(part[-1], False), *((number, False) for number in part[:-1])]
    delay = (b_frames + 1) * FRAME_US
    return [
        Packet(b"x" * 10, number * FRAME_US, place * FRAME_US - delay, keyframe)
        for place, (number, keyframe) in enumerate(order)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([8, 12, 25]),
    st.integers(20, 200),
    st.integers(1, 300),
)
def test_it_cuts_streams_with_b_frames_in_decode_order_and_loses_nothing(
    b_frames: int, open_gop: bool, gop: int, start: int, length: int
) -> None:
    packets = coded(500 // gop, gop, b_frames, open_gop=open_gop)
    recorder = Recorder(SETTINGS)
    clips: dict[int, list[Packet]] = {}
    links: dict[int, Open] = {}
    for packet in packets:
        actions = recorder.packet(packet)
        at = packet.dts_us
        number = at // FRAME_US
        moving = start + 6 <= number <= start + length + 6
        actions += recorder.verdict(Verdict(at, moving, start * FRAME_US if moving else None, 1.0))
        for action in actions:
            if isinstance(action, Open):
                clips[action.clip], links[action.clip] = [], action
            elif isinstance(action, Write):
                clips[action.clip].append(action.packet)
    places = {packet.dts_us: place for place, packet in enumerate(packets)}
    kept = {packet.dts_us for clip in clips.values() for packet in clip}
    for clip, written in clips.items():
        assert written[0].keyframe
        run = [places[packet.dts_us] for packet in written]
        assert run == list(range(run[0], run[0] + len(run))), "a hole in decode order"
        before = links[clip].previous
        if before is not None:
            assert run[0] <= places[clips[before][-1].dts_us] + 1, "a gap between segments"
    for packet in packets:  # every picture of the motion that was decided, wherever it is stored
        if start * FRAME_US <= packet.pts_us < (start + length) * FRAME_US and clips:
            assert packet.dts_us in kept


def test_it_holds_no_more_in_memory_than_it_may_even_without_keyframes() -> None:
    ring = Ring(5, 1000)
    ring.add(Packet(b"x" * 10, 0, 0, True))
    for number in range(1, 500):
        ring.add(Packet(b"x" * 10, number, number, False))
        assert sum(len(packet.data) for packet in ring) <= 1000
    ring.add(Packet(b"x" * 10, 500, 500, True))
    assert [packet.pts_us for packet in ring.since(500)] == [500]
