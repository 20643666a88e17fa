"""Stills taken in time, and events closed, in two threads that may wait: for JPEG, for the disk."""

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass

from agent.log_buffer import about
from agent.motion.verdict import Verdict
from agent.recorder import StillName
from agent.sealing import moment
from agent.sources.base import Source
from agent.spool import OpenEvent, Spool
from agent.thumbnail import thumbnail_of
from nfs.layout import FileKind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Still:
    """Take a picture now."""

    event: OpenEvent
    name: StillName


@dataclass(frozen=True, slots=True)
class Finish:
    """Close an event; `peak` is its strongest verdict, or None when that is not known."""

    event: OpenEvent
    peak: Verdict | None


@dataclass(frozen=True, slots=True)
class _Taken:
    event: OpenEvent
    name: StillName
    jpeg: bytes


class Finisher:
    """Works off `orders`, in order, until None. Run its two methods in a thread each."""

    def __init__(
        self,
        source: Source,
        spool: Spool,
        orders: "queue.SimpleQueue[Still | Finish | None]",
        on_event: Callable[[], None],
    ) -> None:
        self._source = source
        self._spool = spool
        self._orders = orders
        self._on_event = on_event
        self._slow: queue.SimpleQueue[_Taken | Finish | None] = queue.SimpleQueue()
        self._late: list[Finish] = []

    def take_stills(self) -> None:
        """Take the stills that are ordered; hand on what waits for the disk."""
        try:
            while (order := self._orders.get()) is not None:
                if isinstance(order, Finish):
                    self._slow.put(order)
                    continue
                jpeg = self._still()
                if jpeg is not None:
                    self._slow.put(_Taken(order.event, order.name, jpeg))
        finally:
            self._slow.put(None)

    def finish_events(self) -> None:
        """Write stills and close events. What the disk refuses is tried again with the next."""
        while (item := self._slow.get()) is not None:
            if isinstance(item, _Taken):
                self._store(item)
            else:
                self._close_all([*self._late, item])
        self._close_all(self._late)

    def _still(self) -> bytes | None:
        try:
            return self._source.still_jpeg()
        except Exception as error:  # noqa: BLE001 - any source may stand behind it; the clip goes on
            log.error("no still could be taken: %s", error)
            return None

    def _store(self, item: _Taken) -> None:
        try:
            item.event.put(FileKind(item.name), item.jpeg)
            if item.name is StillName.A:
                item.event.put(FileKind.THUMBNAIL, thumbnail_of(item.jpeg))
        except (
            OSError,
            ValueError,
            SyntaxError,
        ) as error:  # the last two: what Pillow says of junk
            uid = item.event.opening.uid
            log.error("a still of event %s is lost: %s", uid, error, extra=about(uid))

    def _close_all(self, due: list[Finish]) -> None:
        told, self._late = self._late, []
        for item in due:
            try:
                self._close(item)
            except (OSError, ValueError) as error:
                if item not in told:
                    uid = item.event.opening.uid
                    log.error("event %s cannot be closed yet: %s", uid, error, extra=about(uid))
                self._late.append(item)
        try:
            for dropped in self._spool.shrink():
                log.warning("the spool is full: the video of event %s was given up", dropped)
        except OSError as error:
            log.error("the spool cannot be made smaller: %s", error)
        self._on_event()

    def _close(self, item: Finish) -> None:
        # The same offset as at the opening, or a clock step would tear the event apart.
        opening, peak = item.event.opening, item.peak
        peak_at = opening.trigger.peak_at
        if peak is not None:
            peak_at = opening.timestamp + (moment(peak.at_us) - moment(item.event.since_us))
        manifest = item.event.close(peak, peak_at)
        if manifest.clip is None:
            log.warning("event %s closed, without video", manifest.uid, extra=about(manifest.uid))
            return
        seconds = manifest.clip.duration_us / 1e6
        frames = manifest.clip.packets
        log.info(
            "event %s: clip closed, %.1f s, %d frames",
            manifest.uid,
            seconds,
            frames,
            extra=about(manifest.uid),
        )
