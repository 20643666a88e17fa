"""The agent put together: source → pipeline → spool → publisher, and what restarts what."""

import logging
import signal
import socket
import threading

from agent.config import Config
from agent.contract import CameraRegistration
from agent.hub_client import HubAway, HubClient
from agent.motion.detector import MotionDetector
from agent.motion.verdict import MotionSettings
from agent.pipeline import Pipeline
from agent.publisher import Publisher
from agent.recorder import Recorder, RecorderSettings
from agent.sources.base import SourceError
from agent.sources.open import open_source
from agent.spool import Spool
from nfs.share import Share, ShareUnavailable

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0


class Agent:
    """One camera, from the first picture to the last event in the spool."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._over = threading.Event()
        self.spool = Spool(config.spool.folder, config.camera.id, config.spool.max_mb * 1024 * 1024)
        self._hub = HubClient(config.hub.url, config.hub.token_file)
        self.publisher = Publisher(
            self.spool,
            Share(config.share.root, config.share.uuid),
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
            signal.signal(number, lambda _number, _frame: self._over.set())
        self.spool.salvage()
        publishing = threading.Thread(
            target=self.publisher.run, args=(self._over.is_set,), name="publisher", daemon=True
        )
        publishing.start()
        self._watch()
        self.publisher.ring()
        publishing.join(3)  # what it has not published by then waits in the spool
        log.info("the agent has ended")

    def publish_once(self) -> int:
        """Publish what the spool holds, and return how many events went."""
        self.spool.salvage()
        try:
            return self.publisher.publish_pending()
        except (ShareUnavailable, HubAway) as error:
            log.error("events wait in the spool: %s", error)
            raise SystemExit(1) from error

    def _watch(self) -> None:
        """Keep a source running: one that fails is started again, later and later."""
        pause = 1.0
        while not self._over.is_set():
            try:
                if self._watch_one_source():
                    pause = 1.0
            except SourceError as error:
                log.error("the camera cannot be watched: %s", error)
            if self._over.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _watch_one_source(self) -> bool:
        """Watch one source until it fails or the agent stops; tell whether it ran at all."""
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
        while not self._over.wait(0.2):
            if pipeline.failed.is_set():
                log.error("the camera stopped: %s", pipeline.reason)
                break
        pipeline.stop()
        return True


def own_address() -> str:
    """Return an address of this machine: the one that packets to the outside would carry."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: UDP only chooses a route
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
