"""Brings complete events to share and hub, oldest first, and forgets them only when both have them.

Order, repeated from the start after any interruption: files to the share, the manifest last; then
the registration; then the spool's folder goes. Every step may be done twice without harm.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from agent.contract import CameraRegistration
from agent.hub_client import CameraUnknown, HubAway, HubClient, HubRefuses
from agent.sealing import is_intact, read_manifest
from agent.spool import Spool
from nfs import durable
from nfs.layout import AGENT_NAMES, FileKind, path_for
from nfs.manifest import Manifest
from nfs.share import Share, ShareUnavailable

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
REFUSED_FOLDER = "refused"
REASON_NAME = "refused.txt"


class Publisher:
    """Publishes what the spool holds. Runs in a thread of its own, or once."""

    def __init__(
        self, spool: Spool, share: Share, hub: HubClient, camera: CameraRegistration
    ) -> None:
        self._spool = spool
        self._share = share
        self._hub = hub
        self._camera = camera
        self._bell = threading.Event()
        self._registered = False

    def ring(self) -> None:
        """Say that there is a new event, or that it is time to look whether to stop."""
        self._bell.set()

    def publish_pending(self) -> int:
        """Publish everything complete, in order; return how many events went.

        Raises ShareUnavailable or HubAway at the first event that must wait.
        """
        went = 0
        self._make_known()
        for folder in self._spool.complete():
            self._publish(folder)
            went += 1
        return went

    def run(self, stopped: Callable[[], bool]) -> None:
        """Publish for ever. An outage is logged when it starts and when it ends."""
        trouble, pause = "", FIRST_PAUSE_S
        while not stopped():
            self._bell.clear()
            try:
                self.publish_pending()
                if trouble:
                    log.info("publishing again, after: %s", trouble)
                trouble, pause = "", FIRST_PAUSE_S
                self._bell.wait(LONGEST_PAUSE_S)
                continue
            except (ShareUnavailable, HubAway) as error:
                if not trouble:
                    log.warning("events wait in the spool: %s", error)
                trouble = str(error)
                asked = error.after_s if isinstance(error, HubAway) else None
            except OSError as error:
                if not trouble:
                    log.error("the spool itself cannot be read: %s", error)
                trouble, asked = str(error), None
            _pause(asked or pause, stopped)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _make_known(self) -> None:
        if self._registered:
            return
        try:
            self._hub.register_camera(self._camera)
        except HubRefuses as error:
            raise HubAway(f"the hub refuses this camera: {error}") from error
        self._registered = True
        log.info("known to the hub as %s", self._camera.name)

    def _publish(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        if not is_intact(folder, manifest):
            manifest = self._spool.mend(folder)  # a rotten disk must not hold up the rest
        for entry in manifest.files:
            due = path_for(manifest.camera_id, manifest.timestamp, manifest.uid, entry.kind)
            self._share.publish(folder / AGENT_NAMES[entry.kind], due)
        self._share.publish(
            folder / AGENT_NAMES[FileKind.MANIFEST],
            path_for(manifest.camera_id, manifest.timestamp, manifest.uid, FileKind.MANIFEST),
        )
        try:
            number = self._register(manifest)
        except HubRefuses as error:
            self._set_aside(folder, manifest, str(error))
            return
        self._spool.forget(folder)
        log.info("event %s registered as %d", manifest.uid, number)

    def _register(self, manifest: Manifest) -> int:
        try:
            return self._hub.register_event(manifest)
        except CameraUnknown:
            self._registered = False
            self._make_known()
        try:
            return self._hub.register_event(manifest)
        except CameraUnknown as error:
            raise HubAway(f"the hub forgets this camera: {error}") from error

    def _set_aside(self, folder: Path, manifest: Manifest, reason: str) -> None:
        """Keep what the hub will never take, out of the way of the rest, for the maintainer."""
        aside = self._spool.folder / REFUSED_FOLDER
        aside.mkdir(exist_ok=True)
        durable.write(folder / REASON_NAME, reason.encode())
        folder.rename(aside / folder.name)
        durable.sync_folder(aside)
        durable.sync_folder(self._spool.folder)
        log.error("the hub refuses event %s, kept in %s: %s", manifest.uid, aside, reason)


def _pause(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait, a little unevenly, so that five cameras do not come back all at once."""
    ends_at = time.monotonic() + seconds * random.uniform(0.7, 1.3)  # noqa: S311 - not a secret
    while time.monotonic() < ends_at and not stopped():
        time.sleep(0.1)
