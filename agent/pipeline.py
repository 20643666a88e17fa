"""From a source's callbacks to events in the spool: one thread that owns detector and recorder.

Callbacks only put into an inbox, so that neither a slow disk nor a busy detector ever holds up the
camera. Stills have a thread of their own, which takes them in time; a third one writes them and
closes events, which waits for the disk.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from agent.boot import clock_reading
from agent.finisher import Finish, Finisher, Still
from agent.inbox import Drops, Inbox
from agent.log_buffer import about
from agent.motion.detector import MotionDetector
from agent.recorder import Action, Close, Open, Recorder, TakeStill, Write
from agent.sealing import Opening, moment, trigger_of
from agent.sources.base import LumaFrame, Packet, Source, SourceInfo
from agent.spool import OpenEvent, Spool
from nfs.manifest import Origin, Segment

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


class Pipeline:
    """The sink of one source. `failed` is set when it cannot go on, with `reason`."""

    def __init__(
        self,
        camera_id: str,
        source: Source,
        detector: MotionDetector,
        recorder: Recorder,
        spool: Spool,
        on_event: Callable[[], None],
    ) -> None:
        self._camera_id = camera_id
        self._source = source
        self._detector = detector
        self._recorder = recorder
        self._spool = spool
        self._info: SourceInfo | None = None
        self._inbox: Inbox[_Failure | _Stop] = Inbox()
        self._stills: queue.SimpleQueue[Still | Finish | None] = queue.SimpleQueue()
        self._events: dict[int, OpenEvent] = {}
        self._last: tuple[int, UUID] | None = None
        self._told_drops = Drops()
        self._dropping = False
        finisher = Finisher(source, spool, self._stills, on_event)
        self.failed = threading.Event()
        self.reason = ""
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in (
                ("pipeline", self._work),
                ("stills", finisher.take_stills),
                ("finisher", finisher.finish_events),
            )
        ]

    @property
    def drops(self) -> Drops:
        """What had no room on its way, since the start."""
        return self._inbox.drops

    def start(self) -> SourceInfo:
        """Start the source and the threads. Raises SourceError."""
        self._info = self._source.start(self)
        for thread in self._threads:
            thread.start()
        return self._info

    def stop(self, within_s: float = 4.0) -> None:
        """Stop the source, close what is being recorded, and wait until it is in the spool.

        What a hung disk keeps from being closed in time is salvaged upon the next start.
        """
        ends_at = time.monotonic() + within_s
        self._source.stop()
        self._inbox.put_order(_Stop())
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.1, ends_at - time.monotonic()))
            if thread.is_alive():
                log.error("the %s does not end; the next start saves what it held", thread.name)

    def on_luma(self, frame: LumaFrame) -> None:
        """Called by the source with every low-resolution picture."""
        self._inbox.put_luma(frame)

    def on_packet(self, packet: Packet) -> None:
        """Called by the source with every access unit."""
        self._inbox.put_packet(packet)

    def on_failure(self, reason: str) -> None:
        """Called by the source when it can do no more."""
        self._inbox.put_order(_Failure(reason))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a thread's edge: told, and the source is restarted
            log.error("the agent itself is in trouble", exc_info=error)
            self.reason = f"the agent itself is in trouble: {error}"
            self.failed.set()

    def _work(self) -> None:
        try:
            while not isinstance(item := self._inbox.get(), _Stop):
                if isinstance(item, LumaFrame):
                    self._act(self._recorder.verdict(self._detector.observe(item)))
                elif isinstance(item, Packet):
                    self._act(self._recorder.packet(item))
                else:
                    self._act(self._recorder.end())
                    self.reason = item.reason
                    self.failed.set()
                self._tell_drops()
            self._act(self._recorder.end())
        finally:
            for event in self._events.values():  # only when something broke above
                self._stills.put(Finish(event, None))
            self._stills.put(None)

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                self._do(action)
            except OSError as error:
                # The disk refuses: this clip ends here, the next may fare better.
                log.error("the spool cannot be written: %s", error)

    def _do(self, action: Action) -> None:
        if isinstance(action, Open):
            self._open(action)
            return
        event = self._events.get(action.clip)
        if event is None:
            return
        if isinstance(action, Write):
            event.write(action.packet)
        elif isinstance(action, TakeStill):
            self._stills.put(Still(event, action.name))
        elif isinstance(action, Close):
            del self._events[action.clip]
            self._stills.put(Finish(event, action.peak))

    def _open(self, action: Open) -> None:
        info = self._info
        if info is None:
            return
        verdict = action.verdict
        last, uid = self._last, uuid4()
        self._last = (action.clip, uid)
        offset = self._source.wall_offset_us()
        opening = Opening(
            uid=uid,
            camera_id=self._camera_id,
            timestamp=moment(action.since_us + offset),
            clip_started_at=moment(action.started_us + offset),
            segment=Segment(
                index=action.segment,
                previous_uid=last[1] if last and last[0] == action.previous else None,
            ),
            clock=clock_reading(),
            origin=Origin(
                kind=info.kind,
                synthetic=info.synthetic,
                position_s=self._source.position_s(action.since_us),
            ),
            width=info.width,
            height=info.height,
            motion_score=verdict.score,
            confidence_score=verdict.confidence,
            trigger=trigger_of(verdict, moment(verdict.at_us + offset)),
        )
        self._events[action.clip] = self._spool.open(opening, action.since_us)
        reason = verdict.reason or "something moved"
        log.info("motion: %s → event %s", reason, uid, extra=about(uid))

    def _tell_drops(self) -> None:
        """Log when dropping starts, and when all that waited has been worked off again."""
        drops = self._inbox.drops
        if drops != self._told_drops and not self._dropping:
            log.warning("too slow: pictures are being dropped")
            self._dropping = True
        if self._dropping and self._inbox.waiting == 0:
            luma = drops.luma - self._told_drops.luma
            packets = drops.packets - self._told_drops.packets
            log.warning("fast enough again; %d luma frames, %d packets dropped", luma, packets)
            self._told_drops, self._dropping = drops, False
