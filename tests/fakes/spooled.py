"""Events in an agent's spool, as the pipeline leaves them."""

from datetime import timedelta
from uuid import uuid4

from agent.boot import clock_reading
from agent.motion.verdict import Verdict
from agent.sealing import Opening, trigger_of
from agent.sources.base import Packet
from agent.spool import OpenEvent, Spool
from nfs.layout import FileKind
from nfs.manifest import Manifest, Origin, Segment
from tests.fakes.events import NOON, camera, encoded

STILL = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    + b"x" * 500
    + b"\xff\xd9"
)
VERDICT = Verdict(at_us=1_000_000, moving=True, since_us=500_000, score=4.0, reason="it moved")


def packets() -> list[Packet]:
    """Real H.264 with its times, as a source pushes it."""
    data, units = encoded()
    found, at = [], 0
    for unit in units:
        part = data[at : at + unit.size_bytes]
        at += unit.size_bytes
        found.append(Packet(part, unit.pts_us, unit.dts_us, unit.keyframe))
    return found


def opening(number: int = 0) -> Opening:
    """What is known when an event begins."""
    at = NOON + timedelta(minutes=number)
    return Opening(
        uid=uuid4(),
        camera_id=camera().camera_id,
        timestamp=at,
        clip_started_at=at - timedelta(seconds=1),
        segment=Segment(),
        clock=clock_reading(),
        origin=Origin(kind="synthetic", synthetic=True),
        width=320,
        height=240,
        motion_score=VERDICT.score,
        confidence_score=50,
        trigger=trigger_of(VERDICT, at),
    )


def begin(spool: Spool, number: int = 0, count: int | None = None) -> OpenEvent:
    """Open an event and write its first packets (all by default)."""
    event = spool.open(opening(number), 500_000)
    for packet in packets()[:count]:
        event.write(packet)
    return event


def complete(spool: Spool, number: int = 0, score: float = 4.0) -> Manifest:
    """Put a whole event into the spool."""
    event = begin(spool, number)
    event.put(FileKind.STILL_A, STILL)
    event.put(FileKind.THUMBNAIL, STILL)
    peak = Verdict(at_us=1_000_000, moving=True, score=score, reason="it moved")
    return event.close(peak, event.opening.timestamp)
