"""The convert stage: from the raw clip on the share to a checked MP4 and poster beside it.

Order, so that a power cut at any moment leaves no half video under a final name and no row without
its file: write `.part`, check, fsync, rename, fsync the folder; then rows and stage in one
transaction. Whoever repeats it writes the same bytes again.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cameras import registry
from central.context import Hub
from central.events import files, query
from central.events.query import EventFacts
from central.media.child import Child, ChildFailed
from central.stages.claims import Claim
from central.stages.runner import StageFailed
from database.models import Camera
from nfs import durable
from nfs.layout import PARTIAL_SUFFIX, FileKind, path_for
from nfs.manifest import Clip

MUX = "central.media.mux"


class Converter:
    """Converts claimed events with one child process of its own."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._child = Child(MUX, hub.settings.convert_timeout_s)

    def __call__(self, held: Claim) -> Callable[[Session], None]:
        """Convert the claimed event; return what to record. Raises StageFailed."""
        facts, frames_per_s = self._facts(held.event_id)
        root = self._hub.settings.share_root
        paths = {
            kind: path_for(facts.camera_id, facts.started_at, UUID(facts.uid), kind)
            for kind in (FileKind.MP4, FileKind.POSTER)
        }
        parts = {
            kind: root / f"{path}.{held.attempt}{PARTIAL_SUFFIX}" for kind, path in paths.items()
        }
        made = self._make(facts, frames_per_s, parts)
        for kind, path in paths.items():
            parts[kind].replace(root / path)
        durable.sync_folder(root / paths[FileKind.MP4].parent)
        return _recorder(facts, paths, made, self._hub.clock())

    def close(self) -> None:
        """End the child process."""
        self._child.close()

    def _facts(self, event_id: int) -> tuple[EventFacts, float]:
        with self._hub.database.reading() as session:
            facts = query.one(session, event_id)
            if facts is None:
                raise StageFailed("the event was deleted", permanent=True)
            rate = session.scalar(
                select(Camera.frames_per_s).where(Camera.camera_id == facts.camera_id)
            )
        return facts, float(rate or 0) or registry.DEFAULT_FRAMES_PER_S

    def _make(
        self, facts: EventFacts, frames_per_s: float, parts: dict[FileKind, Path]
    ) -> dict[str, int | str]:
        root = self._hub.settings.share_root
        clip, timing = facts.files.get(FileKind.CLIP), facts.files.get(FileKind.TIMING)
        if clip is None:
            raise StageFailed("the event has no video", permanent=True)
        if not (root / clip.path).is_file():
            raise StageFailed("the clip is not on the share")
        try:
            durable.ensure_folder(root, parts[FileKind.MP4].parent.relative_to(root))
            answer = self._child.ask(
                {
                    "root": str(root),
                    "clip": clip.path,
                    "timing": timing.path if timing else None,
                    "frames_per_s": frames_per_s,
                    "peak_us": _peak_us(facts),
                    "mp4": str(parts[FileKind.MP4]),
                    "poster": str(parts[FileKind.POSTER]),
                }
            )
        except (ChildFailed, OSError) as error:
            _remove(parts)
            raise StageFailed(str(error)) from error
        if "made" not in answer:
            _remove(parts)
            raise StageFailed(answer.get("bad_clip") or answer["trouble"])
        made: dict[str, int | str] = answer["made"]
        if facts.clip is not None and made["packets"] != facts.clip["packets"]:
            _remove(parts)
            raise StageFailed(
                f"the clip holds {made['packets']} pictures, the manifest says "
                f"{facts.clip['packets']}"
            )
        return made


def _peak_us(facts: EventFacts) -> int | None:
    """Return where in the clip the motion was strongest, in µs from its first picture.

    None when nobody has said it.
    """
    if facts.clip_started_at is None or not facts.trigger:
        return None
    peak = datetime.fromisoformat(facts.trigger["peak_at"])
    return max(0, round((peak - facts.clip_started_at).total_seconds() * 1e6))


def _recorder(
    facts: EventFacts,
    paths: dict[FileKind, PurePosixPath],
    made: dict[str, int | str],
    now: datetime,
) -> Callable[[Session], None]:
    def record(session: Session) -> None:
        if facts.clip is None:
            files.describe_clip(session, facts.id, _clip(made), int(made["clip_bytes"]))
        files.put(
            session,
            facts.id,
            FileKind.MP4,
            paths[FileKind.MP4],
            int(made["mp4_bytes"]),
            str(made["mp4_sha256"]),
            now,
        )
        files.put(
            session,
            facts.id,
            FileKind.POSTER,
            paths[FileKind.POSTER],
            int(made["poster_bytes"]),
            None,
            now,
        )

    return record


def _clip(made: dict[str, int | str]) -> Clip:
    return Clip(
        width=int(made["width"]),
        height=int(made["height"]),
        packets=int(made["packets"]),
        duration_us=int(made["duration_us"]),
    )


def _remove(parts: dict[FileKind, Path]) -> None:
    for part in parts.values():
        part.unlink(missing_ok=True)
