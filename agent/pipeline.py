"""From a source's callbacks to events in the spool: one thread that owns detector and recorder.

Callbacks only put into a queue, so that neither a slow disk nor a busy detector ever holds up the
camera. Stills and the closing of events, which wait for disk and JPEG, have a second thread.
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from agent.boot import clock_reading
from agent.motion.detector import MotionDetector
from agent.motion.verdict import Verdict
from agent.recorder import Action, Close, Open, Recorder, StillName, TakeStill, Write
from agent.sealing import Opening, moment, trigger_of
from agent.sources.base import LumaFrame, Packet, Source, SourceInfo
from agent.spool import OpenEvent, Spool
from agent.thumbnail import thumbnail_of
from nfs.layout import FileKind
from nfs.manifest import Origin, Segment

log = logging.getLogger(__name__)

LUMA_BACKLOG = 30
"""Frames that may wait for the detector; beyond that the newest are dropped and counted."""


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


@dataclass(frozen=True, slots=True)
class _Finish:
    """Close an event: its strongest verdict, and when that was."""

    event: OpenEvent
    peak: Verdict
    peak_us: int


@dataclass(frozen=True, slots=True)
class _Still:
    event: OpenEvent
    name: StillName


class Pipeline:
    """The sink of one source. `failed` is set when the source gave up, with `reason`."""

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
        self._on_event = on_event
        self._info: SourceInfo | None = None
        self._inbox: queue.SimpleQueue[LumaFrame | Packet | _Failure | _Stop] = queue.SimpleQueue()
        self._slow: queue.SimpleQueue[_Still | _Finish | None] = queue.SimpleQueue()
        self._events: dict[int, OpenEvent] = {}
        self._uids: dict[int, UUID] = {}
        self._luma_waiting = 0
        self.luma_dropped = 0
        self.failed = threading.Event()
        self.reason = ""
        self._threads = [
            threading.Thread(target=self._work, name="pipeline"),
            threading.Thread(target=self._finish_events, name="finisher"),
        ]

    def start(self) -> SourceInfo:
        """Start the source and the threads. Raises SourceError."""
        self._info = self._source.start(self)
        for thread in self._threads:
            thread.start()
        return self._info

    def stop(self) -> None:
        """Stop the source, close what is being recorded, and wait until it is in the spool."""
        self._source.stop()
        self._inbox.put(_Stop())
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def on_luma(self, frame: LumaFrame) -> None:
        """Called by the source with every low-resolution picture."""
        if self._luma_waiting >= LUMA_BACKLOG:
            self.luma_dropped += 1
            return
        self._luma_waiting += 1
        self._inbox.put(frame)

    def on_packet(self, packet: Packet) -> None:
        """Called by the source with every access unit."""
        self._inbox.put(packet)

    def on_failure(self, reason: str) -> None:
        """Called by the source when it can do no more."""
        self._inbox.put(_Failure(reason))

    def _work(self) -> None:
        while True:
            item = self._inbox.get()
            if isinstance(item, LumaFrame):
                self._luma_waiting -= 1
                self._act(self._recorder.verdict(self._detector.observe(item)))
            elif isinstance(item, Packet):
                self._act(self._recorder.packet(item))
            else:
                self._act(self._recorder.end())
                if isinstance(item, _Failure):
                    self.reason = item.reason
                    self.failed.set()
                    continue
                self._slow.put(None)
                return

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                self._do(action)
            except OSError as error:
                # The disk refuses: this event loses what follows, the next may fare better.
                log.error("the spool cannot be written: %s", error)
                self._events.pop(action.clip, None)

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
            self._slow.put(_Still(event, action.name))
        elif isinstance(action, Close):
            del self._events[action.clip]
            event.end_clip()
            self._slow.put(_Finish(event, action.peak, action.peak.at_us))

    def _open(self, action: Open) -> None:
        info = self._info
        if info is None:
            return
        verdict = action.verdict
        uid = self._uids[action.clip] = uuid4()
        offset = self._source.wall_offset_us()
        opening = Opening(
            uid=uid,
            camera_id=self._camera_id,
            timestamp=moment(action.since_us + offset),
            clip_started_at=moment(action.started_us + offset),
            segment=Segment(
                index=action.segment,
                previous_uid=self._uids.pop(action.previous, None)
                if action.previous is not None
                else None,
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
        log.info("motion: %s → event %s", verdict.reason or "something moved", uid)

    def _finish_events(self) -> None:
        while (item := self._slow.get()) is not None:
            try:
                if isinstance(item, _Still):
                    self._take_still(item)
                else:
                    self._finish(item)
            except OSError as error:
                log.error("event %s is not whole: %s", item.event.opening.uid, error)

    def _take_still(self, item: _Still) -> None:
        picture = self._source.still_jpeg()
        if picture is None:
            return
        item.event.put(FileKind(item.name), picture)
        if item.name is StillName.A:
            item.event.put(FileKind.THUMBNAIL, thumbnail_of(picture))

    def _finish(self, item: _Finish) -> None:
        # The same offset as at the opening, or a clock step would tear the event apart.
        opening = item.event.opening
        peak_at = opening.timestamp + (moment(item.peak_us) - moment(item.event.since_us))
        manifest = item.event.close(item.peak, peak_at)
        length_s = manifest.clip.duration_us / 1e6 if manifest.clip else 0.0
        log.info("event %s closed, %.1f s of video", manifest.uid, length_s)
        for dropped in self._spool.shrink():
            log.warning("the spool is full: the video of event %s was given up", dropped)
        self._on_event()
