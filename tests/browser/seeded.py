"""A house that has been lived in: events cut from real footage, some of them not yet whole."""

import io
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from PIL import Image, ImageChops, ImageFilter, ImageStat
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agent.sources import codec
from agent.sources.scene import Scene
from agent.thumbnail import thumbnail_of
from central.events import query, register
from database.engine import Database
from database.models import EventStage, StageHistory
from nfs import durable, timing
from nfs.layout import FileKind, path_for
from nfs.manifest import Box, Clip, FileEntry, Manifest, Segment, Trigger
from nfs.timing import AccessUnit
from tests.fakes.events import encoded, lay_on_share
from tests.fakes.footage import CAR, PEOPLE, footage
from tests.fakes.house import House

CAMERAS = (("front", "Front door"), ("drive", "Driveway"), ("garden", "Garden"))
REASONS = (
    "something large moved left to right for 1.4 s",
    "something middle-sized moved towards the bottom for 0.8 s",
    "3 things moved right to left for 2.1 s",
)
RATE = 10
LONG_AGO = "the clip ends in the middle of its first picture: 6 of 412 bytes could be read"


@dataclass(frozen=True)
class Moment:
    """A passage: its video, a still while it moves, one later, and where it moved."""

    clip: bytes
    units: tuple[AccessUnit, ...]
    size: tuple[int, int]
    still: bytes
    later: bytes
    boxes: tuple[Box, ...]


@cache
def moments() -> tuple[Moment, ...]:
    """Passages of the footage where there is some, else of the synthetic scene."""
    found = []
    for name, empty_s, seconds in ((CAR, 3.0, (5.5, 15.5, 24.8)), (PEOPLE, 3.0, (11, 29, 59))):
        path = footage(name)
        if path is not None:
            found += [_cut(str(path), empty_s, at_s) for at_s in seconds]
    return tuple(found) or (_synthetic(),)


def _cut(path: str, empty_s: float, at_s: float) -> Moment:
    empty, still, later = (_picture(path, second) for second in (empty_s, at_s + 1, at_s + 2))
    video = (
        f"ffmpeg -v error -ss {at_s} -i {path} -t 4 -an -vf fps={RATE},scale=640:-2 -c:v libx264 "
        f"-preset ultrafast -bf 0 -g {RATE} -pix_fmt yuv420p -f h264 -"
    )
    clip = subprocess.run(video.split(), check=True, capture_output=True, timeout=60).stdout
    with Image.open(io.BytesIO(still)) as picture:
        size = picture.size
    return Moment(clip, _units(clip), size, still, later, _moved(empty, still))


def _synthetic() -> Moment:
    scene, (clip, units) = Scene(7), encoded()
    passage = scene.passages[0]
    at_s = (passage.start_s + passage.end_s) / 2
    still = codec.picture_of(scene.picture(at_s), 0).jpeg()
    return Moment(clip, units, (320, 240), still, still, ())


def _picture(path: str, second: float) -> bytes:
    command = f"ffmpeg -v error -ss {second} -i {path} -frames:v 1 -vf scale=640:-2 -f mjpeg -"
    return subprocess.run(command.split(), check=True, capture_output=True, timeout=60).stdout


def _units(clip: bytes) -> tuple[AccessUnit, ...]:
    probe = "ffprobe -v error -f h264 -show_entries packet=size,flags -of csv=p=0 -"
    lines = subprocess.run(
        probe.split(), check=True, capture_output=True, timeout=60, input=clip
    ).stdout.decode()
    sizes = [line.split(",") for line in lines.splitlines()]
    return tuple(
        AccessUnit(number * 1_000_000 // RATE, number * 1_000_000 // RATE, int(size), "K" in flags)
        for number, (size, flags, *_) in enumerate(sizes)
    )


def _moved(empty: bytes, still: bytes) -> tuple[Box, ...]:
    """Where the still differs from the empty scene: one box, as the detector would draw it."""
    with Image.open(io.BytesIO(empty)) as one, Image.open(io.BytesIO(still)) as other:
        before, after = (picture.convert("L").resize((80, 60)) for picture in (one, other))
    light = ImageStat.Stat(after).median[0] / ImageStat.Stat(before).median[0]
    difference = ImageChops.difference(before.point(lambda value: value * light), after)
    moved = difference.point(lambda value: 255 if value > 40 else 0).filter(
        ImageFilter.MinFilter(3)
    )
    edges = moved.getbbox()
    if edges is None:
        return ()
    left, top, right, bottom = (edges[0] - 1, edges[1] - 1, edges[2] + 1, edges[3] + 1)
    x, y = max(left, 0) / 80, max(top, 0) / 60
    return (Box(x=x, y=y, w=min(right / 80, 1) - x, h=min(bottom / 60, 1) - y),)


def add_event(
    home: House,
    database: Database,
    number: int,
    at: datetime,
    *,
    pictures: bool = True,
    reason: str | None = None,
    follows: Manifest | None = None,
) -> Manifest:
    """Lay an event on the share and register it, as an agent would."""
    moment = moments()[number % len(moments())]
    camera_id, _ = CAMERAS[number % len(CAMERAS)]
    lines = b"".join(timing.line_of(unit) for unit in moment.units)
    said = lay_on_share(home.share, at, camera_id=camera_id, clip=moment.clip, timing_lines=lines)
    files = list(said.files)
    stills = {
        FileKind.STILL_A: moment.still,
        FileKind.STILL_B: moment.later,
        FileKind.THUMBNAIL: thumbnail_of(moment.still),
    }
    for kind, data in stills.items() if pictures else ():
        path = path_for(camera_id, at, said.uid, kind)
        durable.write(home.share / path, data)
        files.append(FileEntry(kind=kind, path=str(path), bytes=len(data), sha256="0" * 64))
    told = said.model_copy(
        update={
            "files": files,
            "clip": Clip(
                width=moment.size[0],
                height=moment.size[1],
                packets=len(moment.units),
                duration_us=timing.duration_us(list(moment.units)),
            ),
            "origin": said.origin.model_copy(update={"synthetic": False}),
            "segment": Segment(index=follows.segment.index + 1, previous_uid=follows.uid)
            if follows
            else said.segment,
            "trigger": Trigger(
                reason=reason or REASONS[number % len(REASONS)],
                peak_at=at + timedelta(seconds=1),
                boxes=list(moment.boxes),
            ),
        }
    )
    register.register(database, told, datetime.now(UTC))
    return told


def id_of(database: Database, told: Manifest) -> int:
    """The id the hub has given to an event."""
    with database.reading() as session:
        found = query.by_uid(session, str(told.uid))
    if found is None:
        raise LookupError(told.uid)
    return found.id


def put_stage(
    database: Database, told: Manifest, *, state: str, attempt: int, error: str | None
) -> int:
    """Leave an event's conversion in a state that no worker touches; return the event's id."""
    event_id, now = id_of(database, told), datetime.now(UTC)

    def store(session: Session) -> None:
        session.execute(
            update(EventStage)
            .where(EventStage.event == event_id)
            .values(
                state=state, attempt=attempt, last_error=error, not_before=now + timedelta(hours=1)
            )
        )
        for number in range(1, attempt + 1):
            last = number == attempt and state == "failed"
            session.add(
                StageHistory(
                    event=event_id,
                    stage="convert",
                    verb="give_up" if last else "retry",
                    from_state="claimed",
                    to_state="failed" if last else "waiting",
                    attempt=number,
                    actor="jobs-1",
                    reason=error or "",
                    at=now,
                )
            )

    database.write(store)
    return event_id


def all_converted(database: Database) -> bool:
    """Whether no stage is left that a worker could still do."""
    with database.reading() as session:
        return not session.scalars(
            select(EventStage.event).where(
                EventStage.state.in_(("waiting", "claimed")),
                EventStage.not_before < datetime.now(UTC) + timedelta(minutes=30),
            )
        ).all()
