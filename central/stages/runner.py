"""Workers of a stage: claim, keep the lease, do the work, settle; until the queue is dry."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from central.stages import claims
from central.stages.claims import Claim
from central.stages.lifecycle import IllegalMove, Stage, Verb
from database.engine import Database

log = logging.getLogger(__name__)


class StageFailed(Exception):
    """The work came to nothing. The text is the reason shown to the owner."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


Work = Callable[[Claim], Callable[[Session], None]]
"""Does the work of a claim and returns what to record in the transaction that settles it."""


class Worker:
    """One worker of one stage. `run_until_dry` is called by whoever hears the bell."""

    def __init__(
        self, database: Database, stage: Stage, name: str, work: Work, lease_s: float
    ) -> None:
        self._database = database
        self._stage = stage
        self._name = name
        self._work = work
        self._lease_s = lease_s

    def run_until_dry(self, stop: threading.Event) -> int:
        """Do everything that is due; return how many stages were settled."""
        settled = 0
        while not stop.is_set() and self._is_due():
            held = self._database.write(
                lambda session: claims.claim(session, self._stage, self._name, self._lease_s)
            )
            if held is None:
                break
            self._do(held)
            settled += 1
        return settled

    def _is_due(self) -> bool:
        with self._database.reading() as session:
            return claims.is_due(session, self._stage)

    def _do(self, held: Claim) -> None:
        try:
            with self._kept(held):
                record = self._work(held)

            def settle(session: Session) -> None:
                claims.finish(session, held)
                record(session)

            self._database.write(settle)
            log.info("%s of event %d done", held.stage, held.event_id, extra=_about(held))
        except StageFailed as failure:
            self._fail(held, str(failure), permanent=failure.permanent)
        except IllegalMove as late:
            log.warning("%s; its work is dropped", late, extra=_about(held))
        except SQLAlchemyError:
            raise
        except Exception as bug:
            # The loop's edge: one event that trips over our own mistake must not stop the rest.
            log.exception(
                "%s of event %d failed unexpectedly",
                held.stage,
                held.event_id,
                extra=_about(held),
            )
            self._fail(held, f"unexpected: {bug}", permanent=False)

    def _fail(self, held: Claim, reason: str, *, permanent: bool) -> None:
        try:
            move = self._database.write(
                lambda session: claims.fail(session, held, reason, permanent=permanent)
            )
        except IllegalMove as late:
            log.warning("%s; its failure is dropped", late, extra=_about(held))
            return
        if move.verb is Verb.GIVE_UP:
            log.error(
                "%s of event %d failed: %s",
                held.stage,
                held.event_id,
                reason,
                extra=_about(held),
            )
        else:
            log.warning(
                "%s of event %d did not work in attempt %d, next try at %s: %s",
                held.stage,
                held.event_id,
                held.attempt,
                f"{move.not_before:%H:%M:%S}" if move.not_before else "once",
                reason,
                extra=_about(held),
            )

    @contextmanager
    def _kept(self, held: Claim) -> Iterator[None]:
        """Renew the lease from a second thread while the work goes on."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._lease_s / 3):
                try:
                    self._database.write(
                        lambda session: claims.renew(session, held, self._lease_s), idempotent=True
                    )
                except (IllegalMove, SQLAlchemyError) as error:
                    log.warning(
                        "the lease of event %d was not renewed: %s",
                        held.event_id,
                        error,
                        extra=_about(held),
                    )

        thread = threading.Thread(target=renew, name=f"renew-{held.event_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _about(held: Claim) -> dict[str, str]:
    """Return what ties a log line to the event that it speaks of."""
    return {"event_uid": held.event_uid}


class Crew:
    """The threads that work when the bell rings, each with a worker of its own."""

    def __init__(self, workers: list[Worker]) -> None:
        self._stop = threading.Event()
        self._bells = [threading.Event() for _ in workers]
        self._threads = [
            threading.Thread(target=self._loop, args=(worker, bell), name=f"worker-{number}")
            for number, (worker, bell) in enumerate(zip(workers, self._bells, strict=True))
        ]

    def start(self) -> None:
        """Start the threads; they look for work at once."""
        for thread in self._threads:
            thread.start()
        self.wake()

    def wake(self) -> None:
        """Ring the bell: there may be work."""
        for bell in self._bells:
            bell.set()

    def stop(self) -> None:
        """Let every worker finish what it holds, and end."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            thread.join()

    def _loop(self, worker: Worker, bell: threading.Event) -> None:
        away = False
        while not self._stop.is_set():
            bell.wait()
            bell.clear()
            try:
                worker.run_until_dry(self._stop)
                if away:
                    log.info("the database is back")
                away = False
            except SQLAlchemyError as error:
                if not away:
                    log.warning("the database is away, work waits: %s", error)
                away = True
