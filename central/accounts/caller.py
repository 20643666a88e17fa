"""Who is asking, what they may do, and which cameras they may see."""

from dataclasses import dataclass
from typing import Literal

from central.accounts.permissions import Permission
from central.audit.log import Actor
from central.errors import Forbidden, NotFound

Kind = Literal["person", "agent", "worker", "open"]
Login = Literal["session", "access", "personal", "agent", "worker", "open"]


@dataclass(frozen=True)
class Caller:
    """Somebody who has said who they are.

    `id` is the user's row, 0 for machines. `cameras` are the public names of the cameras this
    caller may see; None: all. `credential` is the row of the session or token that was shown, and
    `form_token` what a form of this session must send along; empty without a session.
    """

    kind: Kind
    id: int
    name: str
    role: str
    permissions: frozenset[Permission]
    cameras: frozenset[str] | None
    login: Login
    credential: int = 0
    form_token: str = ""
    family: str = ""

    def may(self, permission: str) -> bool:
        """Tell whether this caller has the right."""
        return permission in self.permissions

    def may_see(self, camera_id: str) -> bool:
        """Tell whether this caller may know of the camera."""
        return self.cameras is None or camera_id in self.cameras

    def only(self, camera_id: str) -> frozenset[str]:
        """Return this one camera as a scope: empty when the caller may not know of it."""
        return frozenset({camera_id}) if self.may_see(camera_id) else frozenset()

    def must_see(self, camera_id: str, otherwise: str) -> None:
        """Raise NotFound with `otherwise` unless the caller may know of the camera."""
        if not self.may_see(camera_id):
            raise NotFound(otherwise)

    def must_own(self, camera_id: str) -> None:
        """Raise Forbidden unless this agent speaks for the camera."""
        if not self.may_see(camera_id):
            own = ", ".join(sorted(self.cameras or ())) or "none"
            raise Forbidden(f"this token belongs to camera {own}, not to {camera_id}")

    def actor(self, address: str) -> Actor:
        """Return who to name in the audit log."""
        return Actor(self.kind, self.name, address)
