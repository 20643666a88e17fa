"""One reader of the change feed per process, for any number of listeners.

Ids become visible out of order and a rollback leaves a gap for ever. So a gap is looked at again
for `GAP_PATIENCE_S`, and the position told to clients is the highest id below which nothing is
pending: a client that resumes from it may see a hint twice but never misses one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from central.changes import feed
from central.changes.feed import Hint
from database.engine import Database

log = logging.getLogger(__name__)

POLL_S = 0.25
GAP_PATIENCE_S = 10.0
QUEUE_LENGTH = 1000
"""A listener that falls this far behind is told to start anew."""


@dataclass
class Window:
    """Which ids were seen above the position below which nothing is pending. Pure.

    `gaps` maps each id not seen yet to the time at which its absence was noticed.
    """

    position: int
    seen: set[int] = field(default_factory=set)
    gaps: dict[int, float] = field(default_factory=dict)

    def take(self, hints: list[Hint], now_s: float) -> list[Hint]:
        """Return those hints that were not seen before, and move the position."""
        fresh = [hint for hint in hints if hint.id > self.position and hint.id not in self.seen]
        top = max(self.seen, default=self.position)
        for hint in fresh:
            self.seen.add(hint.id)
            self.gaps.pop(hint.id, None)
            for missing in range(top + 1, hint.id):
                self.gaps.setdefault(missing, now_s)
            top = max(top, hint.id)
        self.gaps = {
            missing: since for missing, since in self.gaps.items() if now_s - since < GAP_PATIENCE_S
        }
        self.position = min(self.gaps, default=top + 1) - 1
        self.seen = {seen for seen in self.seen if seen > self.position}
        return fresh


@dataclass(frozen=True, slots=True)
class Told:
    """What a listener gets: a hint, or None when it fell behind; and where to resume from."""

    hint: Hint | None
    position: int


class Tailer:
    """Polls the feed while anybody listens or not, and hands every hint to every listener."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._window: Window | None = None
        self._listeners: set[asyncio.Queue[Told]] = set()

    async def run(self) -> None:
        """Poll for ever. A database that is away is reported once, and once when it is back."""
        away = False
        while True:
            try:
                await self._poll()
                if away:
                    log.info("the change feed is readable again")
                away = False
            except SQLAlchemyError as error:
                if not away:
                    log.warning("the change feed cannot be read, pages stand still: %s", error)
                away = True
            await asyncio.sleep(POLL_S)

    async def _poll(self) -> None:
        if self._window is None:
            _, newest = await run_in_threadpool(self._span)
            self._window = Window(newest)
        hints = await run_in_threadpool(self._read, self._window.position)
        fresh = self._window.take(hints, asyncio.get_running_loop().time())
        for hint in fresh:
            for listener in self._listeners:
                _put(listener, Told(hint, self._window.position))

    def _span(self) -> tuple[int, int]:
        with self._database.reading() as session:
            return feed.span(session)

    def _read(self, last_id: int) -> list[Hint]:
        with self._database.reading() as session:
            return feed.after(session, last_id)

    async def listen(self, resume_from: int | None) -> AsyncGenerator[Told, None]:
        """Yield what changes from now on, or from a position that was told before.

        Yields `Told(None, …)` first when that position is older than anything kept.
        """
        queue: asyncio.Queue[Told] = asyncio.Queue(QUEUE_LENGTH)
        self._listeners.add(queue)
        try:
            if resume_from is not None:
                async for told in self._catch_up(resume_from):
                    yield told
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    async def _catch_up(self, resume_from: int) -> AsyncGenerator[Told, None]:
        oldest, newest = await run_in_threadpool(self._span)
        if resume_from > newest or (oldest and resume_from < oldest - 1):
            yield Told(None, newest)
            return
        while True:
            hints = await run_in_threadpool(self._read, resume_from)
            for hint in hints:
                yield Told(hint, resume_from)
            if len(hints) < 1000:
                return
            resume_from = hints[-1].id


def _put(listener: asyncio.Queue[Told], told: Told) -> None:
    """Hand over without waiting. A full queue is emptied and told to start anew."""
    with contextlib.suppress(asyncio.QueueFull):
        listener.put_nowait(told)
        return
    while not listener.empty():
        listener.get_nowait()
    listener.put_nowait(Told(None, told.position))
