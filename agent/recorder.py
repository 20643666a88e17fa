"""When a clip begins, goes on, is cut and ends. A pure state machine over packets and verdicts.

It is never blind: a motion that begins while the last clip still runs out closes that clip and
opens the next one, linked to it, from a keyframe before the new motion. Times are microseconds of
the source's clock.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.motion.verdict import Verdict
from agent.ring import Ring
from agent.sources.base import Packet

DECISION_LAG_S = 10.0
"""A slow mover is decided up to this long after it began; the ring reaches as far back."""

RING_BYTES = 48 * 1024 * 1024
STILL_B_AFTER_US = 2_000_000
STILL_A_AGAIN_AFTER_US = 1_000_000
CLEARLY_MORE = 1.25


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Lengths of the parts of a clip, in seconds."""

    pre_roll_s: float = 5.0
    post_roll_s: float = 3.0
    quiet_s: float = 1.5
    max_clip_s: float = 60.0


class StillName(StrEnum):
    """A is the motion's peak, B a little later."""

    A = "still_a"
    B = "still_b"


@dataclass(frozen=True, slots=True)
class Open:
    """Begin clip number `clip`: motion began at `since_us`; `previous` is the clip it continues.

    `started_us` is the time of its first picture.
    """

    clip: int
    since_us: int
    started_us: int
    verdict: Verdict
    segment: int
    previous: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """Append a packet to a clip."""

    clip: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class TakeStill:
    """Take a picture now, for this clip."""

    clip: int
    name: StillName


@dataclass(frozen=True, slots=True)
class Close:
    """The clip is whole. `peak` is its strongest verdict, `motion_end_us` the last motion in it."""

    clip: int
    peak: Verdict
    motion_end_us: int


Action = Open | Write | TakeStill | Close


@dataclass
class _Running:
    """The clip that is being written.

    `latest` is the newest moving verdict; `quiet` holds while the newest verdict saw none, and
    `over` once that has lasted for so long that the motion has ended.
    """

    clip: int
    since_us: int
    segment: int
    started_us: int
    decided_us: int
    peak: Verdict
    latest: Verdict
    last_moving_us: int
    still_a_at_us: int
    still_a_score: float
    has_still_b: bool = False
    still_b_is_final: bool = False
    quiet: bool = False
    over: bool = False


class Recorder:
    """Feed it every packet and every verdict, in order of arrival; do what it answers, in order."""

    def __init__(self, settings: RecorderSettings | None = None) -> None:
        self._settings = settings or RecorderSettings()
        self._ring = Ring(self._settings.pre_roll_s + DECISION_LAG_S, RING_BYTES)
        self._running: _Running | None = None
        self._next_clip = 1
        self._last_verdict_us: int | None = None

    def packet(self, packet: Packet) -> list[Action]:
        """Take one packet; it belongs to the running clip, if there is one."""
        self._ring.add(packet)
        running = self._running
        if running is None:
            return []
        self._notice_silence(running, packet)
        if running.over:
            if packet.dts_us > running.last_moving_us + _us(self._settings.post_roll_s):
                return self._close()
        elif self._must_cut(running, packet):
            return self._cut_at(packet)
        return self._write([packet])

    def verdict(self, verdict: Verdict) -> list[Action]:
        """Take what the detector says of one frame."""
        self._last_verdict_us = verdict.at_us
        running = self._running
        if running is None:
            return self._open(verdict) if verdict.moving else []
        if not verdict.moving:
            running.quiet = True
            quiet_us = verdict.at_us - running.last_moving_us
            running.over = running.over or quiet_us >= _us(self._settings.quiet_s)
            return self._early_still_b(running)
        if running.over:
            return self._open_next(verdict)
        running.quiet = False
        running.latest = verdict
        running.last_moving_us = verdict.at_us
        actions = self._still_a(running, verdict) + self._still_b(running, verdict.at_us)
        if verdict.score > running.peak.score:
            running.peak = verdict
        return actions

    def end(self) -> list[Action]:
        """Close what runs: the source has ended, or the agent stops."""
        return self._close() if self._running else []

    def _open(self, verdict: Verdict) -> list[Action]:
        since = verdict.at_us if verdict.since_us is None else verdict.since_us
        return self._begin(verdict, since, since - _us(self._settings.pre_roll_s), 1, None)

    def _open_next(self, verdict: Verdict) -> list[Action]:
        before = self._running
        if before is None:
            return self._open(verdict)
        since = verdict.at_us if verdict.since_us is None else verdict.since_us
        start = max(since - _us(self._settings.pre_roll_s), before.last_moving_us)
        closing = self._close()
        return closing + self._begin(verdict, since, start, before.segment + 1, before.clip)

    def _begin(
        self, verdict: Verdict, since_us: int, start_us: int, segment: int, previous: int | None
    ) -> list[Action]:
        packets = self._ring.since(min(start_us, since_us))
        if not packets:
            return []  # no keyframe has come yet; the next moving verdict tries again
        clip, self._next_clip = self._next_clip, self._next_clip + 1
        self._running = _Running(
            clip=clip,
            since_us=since_us,
            segment=segment,
            started_us=packets[0].pts_us,
            decided_us=verdict.at_us,
            peak=verdict,
            latest=verdict,
            last_moving_us=verdict.at_us,
            still_a_at_us=verdict.at_us,
            still_a_score=verdict.score,
        )
        started = packets[0].pts_us
        opening: list[Action] = [Open(clip, since_us, started, verdict, segment, previous)]
        return [*opening, TakeStill(clip, StillName.A), *self._write(packets)]

    def _cut_at(self, keyframe: Packet) -> list[Action]:
        """Go on in a new clip from this keyframe: not one packet is lost or written twice."""
        before = self._running
        if before is None:
            return []
        closing = self._close()
        latest = before.latest
        clip, self._next_clip = self._next_clip, self._next_clip + 1
        self._running = _Running(
            clip=clip,
            since_us=keyframe.pts_us,
            segment=before.segment + 1,
            started_us=keyframe.pts_us,
            decided_us=keyframe.pts_us,
            peak=latest,
            latest=latest,
            last_moving_us=before.last_moving_us,
            still_a_at_us=keyframe.pts_us,
            still_a_score=0.0,
        )
        opening: list[Action] = [
            Open(clip, keyframe.pts_us, keyframe.pts_us, latest, before.segment + 1, before.clip),
            TakeStill(clip, StillName.A),
        ]
        return closing + opening + self._write([keyframe])

    def _write(self, packets: list[Packet]) -> list[Action]:
        running = self._running
        if running is None:
            return []
        return [Write(running.clip, packet) for packet in packets]

    def _close(self) -> list[Action]:
        running, self._running = self._running, None
        if running is None:
            return []
        last: list[Action] = [Close(running.clip, running.peak, running.last_moving_us)]
        if not running.has_still_b:
            last.insert(0, TakeStill(running.clip, StillName.B))
        return last

    def _must_cut(self, running: _Running, packet: Packet) -> bool:
        """Tell whether the clip is long enough; what is about to end anyway is not cut."""
        long = packet.pts_us - running.started_us >= _us(self._settings.max_clip_s)
        return packet.keyframe and long and not running.quiet

    def _notice_silence(self, running: _Running, packet: Packet) -> None:
        """End the motion when verdicts stop coming: a dead detector must not record for ever."""
        heard = self._last_verdict_us
        if heard is not None and packet.dts_us - heard > _us(self._settings.quiet_s) * 4:
            running.over = True

    def _still_a(self, running: _Running, verdict: Verdict) -> list[Action]:
        soon = verdict.at_us - running.still_a_at_us < STILL_A_AGAIN_AFTER_US
        if soon or verdict.score < running.still_a_score * CLEARLY_MORE:
            return []
        running.still_a_at_us, running.still_a_score = verdict.at_us, verdict.score
        return [TakeStill(running.clip, StillName.A)]

    def _still_b(self, running: _Running, now_us: int) -> list[Action]:
        """Take B a little after the decision, also in place of an early one."""
        if running.still_b_is_final or now_us - running.decided_us < STILL_B_AFTER_US:
            return []
        running.has_still_b = running.still_b_is_final = True
        return [TakeStill(running.clip, StillName.B)]

    def _early_still_b(self, running: _Running) -> list[Action]:
        """Take B as soon as the motion pauses: it may not come back, and the scene be empty."""
        if running.has_still_b:
            return []
        running.has_still_b = True
        return [TakeStill(running.clip, StillName.B)]


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
