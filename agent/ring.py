"""The pre-roll: the newest packets in memory, by whole groups of pictures. Pure."""

from collections import deque
from collections.abc import Iterator

from agent.sources.base import Packet


class Ring:
    """Keeps at least `seconds` of packets, from a keyframe on, in no more than `max_bytes`.

    Memory comes first: when the bytes do not suffice, older groups go sooner, and a single group
    that alone is too large goes as well; then the ring is empty until the next keyframe.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._keep_us = round(seconds * 1e6)
        self._max_bytes = max_bytes
        self._groups: deque[list[Packet]] = deque()
        self._bytes = 0

    def add(self, packet: Packet) -> None:
        """Append a packet; whole groups fall off the far end when they are no longer needed."""
        if packet.keyframe:
            self._groups.append([])
        if not self._groups:
            return  # nothing can be decoded before the first keyframe
        self._groups[-1].append(packet)
        self._bytes += len(packet.data)
        while len(self._groups) > 1 and self._may_drop(packet):
            self._bytes -= sum(len(old.data) for old in self._groups.popleft())
        if self._bytes > self._max_bytes:
            self._groups.clear()
            self._bytes = 0

    def since(self, at_us: int) -> list[Packet]:
        """Return the packets from the last keyframe shown at or before `at_us`, or from the oldest.

        Empty only before the first keyframe.
        """
        start = 0
        for number, group in enumerate(self._groups):
            if group[0].pts_us <= at_us:
                start = number
        return [packet for group in list(self._groups)[start:] for packet in group]

    def __iter__(self) -> Iterator[Packet]:
        """Go through all packets held, oldest first."""
        for group in self._groups:
            yield from group

    def _may_drop(self, newest: Packet) -> bool:
        enough = newest.dts_us - self._groups[1][0].pts_us >= self._keep_us
        return enough or self._bytes > self._max_bytes
