"""A cached probe of the database, so that `/health` answers at once even when it hangs."""

import asyncio
import time
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from database.engine import Database

EVERY_S = 2.0
STALE_AFTER_S = 6.0


@dataclass
class Probe:
    """What was last seen of the database, and when (monotonic seconds)."""

    database: Database
    answered_at: float = 0.0

    @property
    def connected(self) -> bool:
        """Whether the database answered lately."""
        return time.monotonic() - self.answered_at < STALE_AFTER_S if self.answered_at else False

    async def run(self) -> None:
        """Ask again and again, for ever."""
        while True:
            await self.ask_once()
            await asyncio.sleep(EVERY_S)

    async def ask_once(self) -> None:
        """Ask the database once; remember whether it answered."""
        try:
            await run_in_threadpool(self._ask)
            self.answered_at = time.monotonic()
        except SQLAlchemyError:
            self.answered_at = 0.0

    def _ask(self) -> None:
        with self.database.reading() as session:
            session.execute(text("SELECT 1"))
