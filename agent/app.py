"""The agent put together: source → pipeline → spool → publisher, and what restarts what."""

import logging
import signal
import socket
import threading
import time

from agent.config import Config
from agent.contract import CameraRegistration
from agent.hub_client import HubClient
from agent.log_buffer import LogBuffer
from agent.log_shipping import LogShipping
from agent.motion.detector import MotionDetector
from agent.motion.verdict import MotionSettings
from agent.pipeline import Pipeline
from agent.publisher import Publisher
from agent.recorder import Recorder, RecorderSettings
from agent.sources.base import SourceError
from agent.sources.open import open_source
from agent.spool import Spool, SpoolBusy
from agent.systemd import Watched
from nfs.guard import GuardedShare
from nfs.share import Share

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0
RAN_WELL_S = 60.0
"""A source that ran for so long is started again at once when it fails, and its outage is over."""

STOP_S = 4.5
"""After SIGTERM the process ends within this time, whatever hangs."""

LOGS_STOP_S = 0.7
"""What of that is left for the last log lines."""

OTHER_AGENT_S = 3.0
"""An agent that is just ending is waited for so long."""


class Agent:
    """One camera, from the first picture to the last event in the spool."""

    def __init__(self, config: Config, *, guarded: bool = True) -> None:
        """`guarded`: the share is touched by a child alone, so that a hung one stops nothing."""
        self._config = config
        self._over = threading.Event()
        self._stop_at = 0.0
        self._systemd = Watched()
        self.spool = Spool(config.spool.folder, config.camera.id, config.spool.max_mb * 1024 * 1024)
        self._hub = HubClient(config.hub.url, config.hub.token_file)
        self._logs = LogShipping(
            LogBuffer(config.camera.id), HubClient(config.hub.url, config.hub.token_file)
        )
        kind = GuardedShare if guarded else Share
        self._share = kind(config.share.root, config.share.uuid)
        self.publisher = Publisher(
            self.spool,
            self._share,
            self._hub,
            CameraRegistration(
                camera_id=config.camera.id,
                name=config.camera.name,
                location=config.camera.location,
                ip_address=own_address(),
            ),
        )

    def run(self) -> None:
        """Watch until SIGTERM or SIGINT. What is being recorded then is closed and kept."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stop_soon())
        lock(self.spool)
        self._systemd.ready(f"camera {self._config.camera.id}")
        self._logs.start()
        publishing = threading.Thread(
            target=self.publisher.run, args=(self._over.is_set,), name="publisher", daemon=True
        )
        publishing.start()
        self._watch()
        self.publisher.ring()
        # What has not gone by then waits in the spool.
        publishing.join(max(0.1, self._left_s() - LOGS_STOP_S))
        if isinstance(self._share, GuardedShare):
            self._share.close()
        log.info("the agent has ended")
        self._logs.stop(max(0.1, min(LOGS_STOP_S, self._left_s())))

    def publish_once(self) -> int:
        """Publish what the spool holds, and return how many events went.

        Raises ShareUnavailable, HubAway, SpoolBusy or OSError; what has not gone then waits.
        """
        lock(self.spool)
        self.spool.salvage()
        return self.publisher.publish_pending()

    def _watch(self) -> None:
        """Keep a source running: one that fails is started again, later and later.

        A row of failures is one outage: told when it starts, and when the source has run well.
        """
        pause, trouble = 1.0, ""
        while not self._over.is_set():
            self._systemd.alive()
            begun = time.monotonic()
            try:
                reason = self._watch_one_source(trouble)
            except SourceError as error:
                reason = str(error)
            if time.monotonic() - begun >= RAN_WELL_S:
                pause, trouble = 1.0, ""
            if reason and reason != trouble:
                log.error("the camera cannot be watched, trying again: %s", reason)
            trouble = reason
            if self._over.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _watch_one_source(self, trouble: str) -> str:
        """Watch one source until it fails or the agent stops; return why it failed."""
        config = self._config
        pipeline = Pipeline(
            config.camera.id,
            open_source(config.camera.source),
            MotionDetector(MotionSettings(**config.motion.model_dump())),
            Recorder(RecorderSettings(**config.recorder.model_dump())),
            self.spool,
            self.publisher.ring,
        )
        info = pipeline.start()
        log.info(
            "watching %s, %d×%d at %.3g frames/s",
            config.camera.source,
            info.width,
            info.height,
            info.frames_per_s,
        )
        begun = time.monotonic()
        while not self._over.wait(0.2) and not pipeline.failed.is_set():
            self._systemd.alive()
            if trouble and time.monotonic() - begun >= RAN_WELL_S:
                log.info("the camera runs well again after: %s", trouble)
                trouble = ""
        pipeline.stop(self._left_s())
        return pipeline.reason

    def _stop_soon(self) -> None:
        self._systemd.stopping()
        self._stop_at = self._stop_at or time.monotonic() + STOP_S
        self._over.set()

    def _left_s(self) -> float:
        """Return how long stopping may still take."""
        return self._stop_at - time.monotonic() if self._stop_at else STOP_S


def lock(spool: Spool) -> None:
    """Keep other agents off the spool. Raises SpoolBusy when one stays on it."""
    ends_at = time.monotonic() + OTHER_AGENT_S
    while True:
        try:
            return spool.lock()
        except SpoolBusy:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.2)


def own_address() -> str:
    """Return an address of this machine: the one that packets to the outside would carry."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: UDP only chooses a route
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
