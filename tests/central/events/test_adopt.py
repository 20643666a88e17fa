"""Files of old agents that nobody told of find their events by their names."""

from uuid import uuid4

from central.cameras import registry
from central.context import Hub
from central.events import adopt, progress, query
from central.events.progress import Moment
from central.events.query import EventFacts
from nfs.layout import FileKind
from tests.central.conftest import SetClock
from tests.fakes.events import NOON, camera


def begun(hub: Hub) -> int:
    registry.register(hub.database, camera(), NOON)
    said = Moment(uuid4(), "front", NOON, 5.0, None, {"said": "x"}, {"kind": "old agent"})
    return progress.announce(hub.database, said, hub.clock()).event_id


def lay(hub: Hub, path: str) -> None:
    place = hub.settings.share_root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"12345")


def facts(hub: Hub, event_id: int) -> EventFacts:
    with hub.database.reading() as session:
        found = query.one(session, event_id)
    assert found is not None
    return found


def test_it_adopts_what_lies_there_once_the_agent_had_its_time(hub: Hub, clock: SetClock) -> None:
    event_id = begun(hub)
    lay(hub, f"front/videos/{event_id}_20260301_130000_video.h264")
    lay(hub, f"front/thumbs/{event_id}_20260301_130000_thumb.jpg")
    lay(hub, f"front/thumbs/{event_id}_20260301_130000_thumb.jpg.READY")
    lay(hub, f"front/videos/{event_id + 1}_20260301_130000_video.h264")
    lay(hub, f"front/videos/{event_id}_20260301_130000_video.h264.tmp")
    assert adopt.adopt(hub) == 0
    clock.move(minutes=3)
    assert adopt.adopt(hub) == 2
    assert set(facts(hub, event_id).files) == {FileKind.CLIP, FileKind.THUMBNAIL}
    assert facts(hub, event_id).stages["convert"].state == "waiting"
    assert adopt.adopt(hub) == 0


def test_it_leaves_links_and_other_cameras_alone(hub: Hub, clock: SetClock) -> None:
    event_id = begun(hub)
    lay(hub, f"back/videos/{event_id}_20260301_130000_video.h264")
    place = hub.settings.share_root / f"front/videos/{event_id}_20260301_130000_video.h264"
    place.parent.mkdir(parents=True)
    place.symlink_to("/etc/hostname")
    clock.move(minutes=3)
    assert adopt.adopt(hub) == 0
    assert facts(hub, event_id).files == {}
