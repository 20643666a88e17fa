"""The agent's way to the hub: one HTTP session, bounded waits, errors that say what helps."""

import json
import logging
import secrets
from pathlib import Path
from typing import Any

import requests

from agent.contract import (
    EVENTS_PATH,
    LOGS_PATH,
    REGISTER_PATH,
    REQUEST_ID_HEADER,
    CameraRegistration,
)
from nfs.manifest import Manifest

log = logging.getLogger(__name__)

TIMEOUTS_S = (5.0, 30.0)
"""To connect, and between two bytes of the answer."""

LATER = frozenset({401, 403, 404, 408, 429})
"""Refusals that time or the owner can mend. A 404 that does not speak of the camera comes from
something else than a hub: a wrong address, a proxy whose hub is away. It says nothing of the event.
"""


class HubTrouble(Exception):
    """The hub did not take it."""


class HubAway(HubTrouble):
    """It may take the same thing later. `after_s` is what the hub asked for, or None."""

    def __init__(self, text: str, after_s: float | None = None) -> None:
        super().__init__(text)
        self.after_s = after_s


class HubRefuses(HubTrouble):
    """It will never take this."""


class HubWantsLess(HubRefuses):
    """It will never take this at once; in parts it would."""


class HubConflict(HubTrouble):
    """It has this event already, with other content."""


class CameraUnknown(HubTrouble):
    """The hub does not know the camera: register it first."""


class HubClient:
    """Talks to one hub with one camera's token. Use it from one thread."""

    def __init__(self, url: str, token_file: Path | None) -> None:
        self._url = url.rstrip("/")
        self._token_file = token_file
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy in the environment would hijack the home network

    def register_camera(self, camera: CameraRegistration) -> None:
        """Make the camera known. Raises HubAway or HubRefuses."""
        self._post(REGISTER_PATH, camera.model_dump_json())

    def register_event(self, manifest: Manifest) -> int:
        """Register an event, once however often called; return its id at the hub.

        Raises HubAway, HubRefuses, HubConflict or CameraUnknown.
        """
        answer = self._post(EVENTS_PATH, manifest.model_dump_json())
        try:
            return int(answer["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise HubAway("the hub's answer names no event") from error

    def send_logs(self, entries: list[dict[str, str]]) -> int:
        """Send log lines; return how many of them the hub could not use.

        Raises HubAway, HubRefuses, HubWantsLess, HubConflict or CameraUnknown. After HubAway they
        may have been stored, and sending them again stores them twice.
        """
        answer = self._post(LOGS_PATH, json.dumps(entries))
        rejected = answer.get("rejected")
        return len(rejected) if isinstance(rejected, list) else 0

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _post(self, path: str, body: str) -> dict[str, Any]:
        request_id = secrets.token_hex(8)  # the hub's lines about this request carry it too
        try:
            response = self._session.post(
                self._url + path,
                data=body.encode(),
                headers={
                    "Content-Type": "application/json",
                    REQUEST_ID_HEADER: request_id,
                    **self._credentials(),
                },
                timeout=TIMEOUTS_S,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise HubAway(
                f"the hub does not answer: {type(error).__name__} (request {request_id})"
            ) from error
        if response.status_code in (200, 201):
            try:
                answer: dict[str, Any] = response.json()
            except ValueError as error:
                raise HubAway(f"the hub's answer was cut off (request {request_id})") from error
            return answer
        raise _trouble(response, request_id)

    def _credentials(self) -> dict[str, str]:
        """Read the token anew each time: the owner may have put a fresh one there."""
        if self._token_file is None:
            return {}
        try:
            return {"Authorization": f"Bearer {self._token_file.read_text().strip()}"}
        except (OSError, ValueError) as error:
            raise HubAway(f"the token cannot be read: {error}") from error


def _trouble(response: requests.Response, request_id: str) -> HubTrouble:
    try:
        detail = str(response.json().get("detail", ""))
    except (ValueError, AttributeError):
        detail = ""
    text = f"{response.status_code} {detail[:300] or response.reason} (request {request_id})"
    if response.status_code == 404 and "not registered" in detail:
        return CameraUnknown(text)
    if response.status_code >= 500 or response.status_code in LATER or response.status_code < 400:
        return HubAway(text, _retry_after(response))
    if response.status_code == 413:
        return HubWantsLess(text)
    return HubConflict(text) if response.status_code == 409 else HubRefuses(text)


def _retry_after(response: requests.Response) -> float | None:
    try:
        return min(max(float(response.headers["Retry-After"]), 0.0), 300.0)
    except (KeyError, ValueError):
        return None
