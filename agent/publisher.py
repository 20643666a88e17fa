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
from agent.hub_client import CameraUnknown, HubAway, HubClient, HubConflict, HubRefuses
from agent.log_buffer import about
from agent.spool import Spool, SpoolDamaged
from nfs.guard import GuardedShare
from nfs.layout import AGENT_NAMES, FileKind, path_for
from nfs.manifest import Manifest
from nfs.share import Published, Share, ShareUnavailable, SourceChanged

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STUCK_PAUSE_S = 600.0
"""One event that cannot go, for a reason of its own, lets the others pass for so long."""


class Publisher:
    """Publishes what the spool holds. Runs in a thread of its own, or once."""

    def __init__(
        self, spool: Spool, share: Share | GuardedShare, hub: HubClient, camera: CameraRegistration
    ) -> None:
        self._spool = spool
        self._share = share
        self._hub = hub
        self._camera = camera
        self._bell = threading.Event()
        self._registered = False
        self._stuck: dict[str, float] = {}

    def ring(self) -> None:
        """Say that there is a new event, or that it is time to look whether to stop."""
        self._bell.set()

    def publish_pending(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Publish everything complete, in order; return how many events went.

        Raises ShareUnavailable, HubAway or OSError at the first event that must wait.
        """
        went = 0
        for folder in self._spool.complete():
            if stopped():
                break
            if time.monotonic() < self._stuck.get(folder.name, 0.0):
                continue
            with self._spool.holding(folder):
                went += self._publish(folder)
        self._make_known()
        return went

    def run(self, stopped: Callable[[], bool]) -> None:
        """Salvage what was interrupted, and publish, for ever."""
        trouble, pause = "", FIRST_PAUSE_S
        while not stopped():
            self._bell.clear()
            problem: Exception | None = None
            try:
                self._spool.salvage(only_older=True)
                self.publish_pending(stopped)
            except Exception as error:  # noqa: BLE001 - the loop's edge: the next try may fare better
                problem = error
            trouble = _tell(trouble, problem)
            if problem is None:
                pause = FIRST_PAUSE_S
                self._bell.wait(LONGEST_PAUSE_S)
                continue
            asked = problem.after_s if isinstance(problem, HubAway) else None
            # A little unevenly, so that five cameras do not come back all at once.
            uneven = random.uniform(0.7, 1.0)  # noqa: S311 - not a secret
            _pause(asked / uneven if asked else pause * uneven, stopped)
            # A hub that says when to come again is there: only silence is met with patience.
            pause = FIRST_PAUSE_S if asked else min(pause * 2, LONGEST_PAUSE_S)

    def _make_known(self) -> None:
        if self._registered:
            return
        try:
            self._hub.register_camera(self._camera)
        except (HubRefuses, HubConflict, CameraUnknown) as error:
            raise HubAway(f"the hub refuses this camera: {error}") from error
        self._registered = True
        log.info("known to the hub as %s", self._camera.name)

    def _publish(self, folder: Path) -> bool:
        """Publish one event; False when it stays behind for a reason of its own."""
        try:
            manifest = self._put_on_share(folder)
        except SpoolDamaged as error:
            self._set_aside(folder, f"the spool holds no event here: {error}")
            return False
        except (SourceChanged, OSError) as error:
            self._leave(folder, f"it cannot be read from the spool: {error}")
            return False
        try:
            number = self._register(manifest)
        except HubRefuses as error:
            self._set_aside(folder, f"the hub refuses it: {error}")
            return False
        except HubConflict as error:
            self._leave(folder, f"the hub says {error}")
            return False
        self._spool.forget(folder)
        log.info("event %s registered as %d", manifest.uid, number, extra=about(manifest.uid))
        return True

    def _put_on_share(self, folder: Path) -> Manifest:
        manifest = self._spool.manifest_of(folder)
        try:
            self._put_files(folder, manifest)
        except SourceChanged:
            manifest = self._spool.mend(folder)  # what is left is worth more than nothing
            self._put_files(folder, manifest)
        return manifest

    def _put_files(self, folder: Path, manifest: Manifest) -> None:
        about = (manifest.camera_id, manifest.timestamp, manifest.uid)
        for entry in manifest.files:
            self._share.publish(
                folder / AGENT_NAMES[entry.kind],
                path_for(*about, entry.kind),
                Published(entry.bytes, entry.sha256),
            )
        last = FileKind.MANIFEST
        self._share.publish(folder / AGENT_NAMES[last], path_for(*about, last))

    def _register(self, manifest: Manifest) -> int:
        self._make_known()
        try:
            return self._hub.register_event(manifest)
        except CameraUnknown:
            self._registered = False
            self._make_known()
        try:
            return self._hub.register_event(manifest)
        except CameraUnknown as error:
            raise HubAway(f"the hub forgets this camera: {error}") from error

    def _leave(self, folder: Path, reason: str) -> None:
        """Let the others pass, and try this one again later."""
        if folder.name not in self._stuck:
            log.error("event in %s stays behind: %s", folder, reason)
        self._stuck[folder.name] = time.monotonic() + STUCK_PAUSE_S

    def _set_aside(self, folder: Path, reason: str) -> None:
        kept = self._spool.set_aside(folder, reason)
        log.error("an event can never be published, kept in %s: %s", kept, reason)


def _tell(before: str, problem: Exception | None) -> str:
    """Log an outage when it starts, when it becomes another, and when it ends; return its name."""
    if problem is None:
        if before:
            log.info("publishing goes on again after: %s", before)
        return ""
    if isinstance(problem, ShareUnavailable):
        name = f"the share is {problem.trouble}"
    elif isinstance(problem, HubAway):
        name = "the hub is away"
    else:
        name = f"the agent itself is in trouble ({type(problem).__name__})"
    if name != before:
        known = isinstance(problem, ShareUnavailable | HubAway | OSError)
        log.warning(
            "events wait in the spool, %s: %s", name, problem, exc_info=None if known else problem
        )
    return name


def _pause(seconds: float, stopped: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at and not stopped():
        time.sleep(0.1)
