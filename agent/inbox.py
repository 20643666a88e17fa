"""What waits between the source's callbacks and the thread that works on it: bounded, counted."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.sources.base import LumaFrame, Packet

LUMA_FRAMES = 30
"""Frames that may wait for the detector: three seconds and 2 MB on a Pi."""

PACKET_BYTES = 24 * 1024 * 1024
"""Video that may wait for a slow disk: a minute or more at a camera's usual rate."""

Order = TypeVar("Order")


@dataclass(frozen=True, slots=True)
class Drops:
    """What had no room, since the start."""

    luma: int = 0
    packets: int = 0


class Inbox(Generic[Order]):
    """A queue that never makes its callers wait. What does not fit is dropped and counted.

    After a dropped packet everything up to the next keyframe is dropped too: it could not be
    decoded. Orders (stop, failure) always fit.
    """

    def __init__(self, luma_frames: int = LUMA_FRAMES, packet_bytes: int = PACKET_BYTES) -> None:
        self._most_luma = luma_frames
        self._most_bytes = packet_bytes
        self._items: deque[LumaFrame | Packet | Order] = deque()
        self._change = threading.Condition()
        self._luma = 0
        self._bytes = 0
        self._broken = False
        self._drops = Drops()

    def put_luma(self, frame: LumaFrame) -> None:
        """Add a frame, or drop it."""
        with self._change:
            if self._luma >= self._most_luma:
                self._drops = Drops(self._drops.luma + 1, self._drops.packets)
                return
            self._luma += 1
            self._items.append(frame)
            self._change.notify()

    def put_packet(self, packet: Packet) -> None:
        """Add a packet, or drop it."""
        with self._change:
            full = self._bytes + len(packet.data) > self._most_bytes
            self._broken = full or (self._broken and not packet.keyframe)
            if self._broken:
                self._drops = Drops(self._drops.luma, self._drops.packets + 1)
                return
            self._bytes += len(packet.data)
            self._items.append(packet)
            self._change.notify()

    def put_order(self, order: Order) -> None:
        """Add what must not be lost."""
        with self._change:
            self._items.append(order)
            self._change.notify()

    def get(self) -> LumaFrame | Packet | Order:
        """Wait for the next item and take it."""
        with self._change:
            while not self._items:
                self._change.wait()
            item = self._items.popleft()
            if isinstance(item, LumaFrame):
                self._luma -= 1
            elif isinstance(item, Packet):
                self._bytes -= len(item.data)
            return item

    @property
    def drops(self) -> Drops:
        """How much was dropped since the start."""
        return self._drops

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return len(self._items)
