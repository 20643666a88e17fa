"""One contract for all sources: what a recorder and a detector may rely on."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.sources.base import LumaFrame, Packet, Source, SourceError, SourceInfo
from agent.sources.codec import Picture, play
from agent.sources.open import open_source


@dataclass
class Collected:
    """What a source pushed."""

    info: SourceInfo
    luma: list[LumaFrame] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped_in_s: float = 0.0
    still: bytes | None = None

    def on_luma(self, frame: LumaFrame) -> None:
        self.luma.append(frame)

    def on_packet(self, packet: Packet) -> None:
        self.packets.append(packet)

    def on_failure(self, reason: str) -> None:
        self.failures.append(reason)


def collect(source: Source, seconds: float) -> Collected:
    told = Collected(SourceInfo("", 0, 0, 0))
    told.info = source.start(told)
    time.sleep(seconds)
    told.still = source.still_jpeg()
    begun = time.monotonic()
    source.stop()
    told.stopped_in_s = time.monotonic() - begun
    return told


def film(folder: Path, encoding: str, seconds: float = 2) -> Path:
    made = folder / "film.mp4"
    command = f"ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=10 -t {seconds} {encoding}"
    subprocess.run([*command.split(), str(made)], check=True, timeout=60)
    return made


SOURCES: dict[str, Callable[[Path], str]] = {
    "copied": lambda folder: f"file:{film(folder, '-c:v libx264 -g 10 -bf 0 -pix_fmt yuv420p')}",
    "with B-frames": lambda folder: (
        f"file:{film(folder, '-c:v libx264 -g 10 -bf 2 -pix_fmt yuv420p')}"
    ),
    "sparse keyframes": lambda folder: (
        f"file:{film(folder, '-c:v libx264 -g 250 -pix_fmt yuv420p', 4)}"
    ),
    "another codec": lambda folder: f"file:{film(folder, '-c:v mpeg4')}",
    "synthetic": lambda _folder: "synthetic:3",
}


@pytest.fixture(scope="module", params=SOURCES)
def collected(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Collected:
    folder = tmp_path_factory.mktemp("film")
    return collect(open_source(SOURCES[request.param](folder)), 5)


def test_it_pushes_in_real_time_and_stops_soon(collected: Collected) -> None:
    assert 35 <= len(collected.packets) <= 60
    assert 35 <= len(collected.luma) <= 60
    assert collected.stopped_in_s < 3
    assert collected.failures == []


def test_it_never_turns_its_times_back(collected: Collected) -> None:
    dts = [packet.dts_us for packet in collected.packets]
    assert dts == sorted(set(dts))
    assert all(packet.pts_us >= packet.dts_us for packet in collected.packets)
    shown = [frame.at_us for frame in collected.luma]
    assert shown == sorted(set(shown))
    gaps = [late - early for early, late in zip(shown, shown[1:], strict=False)]
    assert max(gaps) <= 250_000  # also where the film begins again


def test_it_gives_packets_and_luma_the_same_times(collected: Collected) -> None:
    pts = {packet.pts_us for packet in collected.packets}
    assert len([frame for frame in collected.luma if frame.at_us in pts]) >= len(collected.luma) - 3


def test_it_begins_each_group_of_pictures_with_all_it_needs(collected: Collected) -> None:
    assert collected.packets[0].keyframe
    keys = [packet for packet in collected.packets if packet.keyframe]
    assert len(keys) >= 4
    for packet in keys:
        kinds = {part[0] & 31 for part in packet.data.split(b"\0\0\1")[1:] if part}
        assert {5, 7, 8} <= kinds  # a picture of its own, and how to read it


def test_it_pushes_h264_that_ffmpeg_decodes_whole(collected: Collected) -> None:
    data = b"".join(packet.data for packet in collected.packets)
    probe = (
        "ffprobe -v error -f h264 -count_frames -show_entries stream=nb_read_frames -of csv=p=0 -"
    )
    done = subprocess.run(probe.split(), input=data, capture_output=True, timeout=60, check=True)
    assert int(done.stdout) == len(collected.packets)
    assert done.stderr == b""


def test_it_shows_the_detector_small_plain_pictures(collected: Collected) -> None:
    for frame in collected.luma:
        assert frame.luma.shape[1] <= 320
        assert frame.luma.flags["C_CONTIGUOUS"]
        assert frame.luma.dtype == "uint8"


def test_it_takes_a_still_in_full_size(collected: Collected) -> None:
    from PIL import Image

    assert collected.still is not None
    import io

    picture = Image.open(io.BytesIO(collected.still))
    assert picture.size == (collected.info.width, collected.info.height)


def test_it_says_where_in_the_footage_it_is(tmp_path: Path) -> None:
    source = open_source(SOURCES["copied"](tmp_path))
    told = collect(source, 3)
    places = [source.position_s(frame.at_us) for frame in told.luma[-15:]]
    assert all(place is not None and 0 <= place <= 2.1 for place in places)
    offset = source.wall_offset_us()
    assert abs(told.luma[-1].at_us + offset - time.time_ns() / 1000) < 2_000_000


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "there is no file"), (b"no video at all", "cannot be played")]
)
def test_it_says_what_is_wrong_with_a_file(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "x.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=complaint):
        collect(open_source(f"file:{path}"), 0.1)


@pytest.mark.parametrize("spec", ["", "camera:0", "synthetic:x", "file:"])
def test_it_says_which_sources_there_are(spec: str) -> None:
    with pytest.raises(SourceError):
        open_source(spec)


def test_it_takes_stills_while_the_same_picture_is_being_looked_at(tmp_path: Path) -> None:
    """Two threads scaled one frame with one scaler once, and waited for each other for ever."""
    path = film(tmp_path, "-c:v libx264 -g 10 -pix_fmt yuv420p", 1)
    pictures = [picture for step in play(str(path), copy=False) for picture in step.pictures]
    done: list[int] = []

    def work(look: Callable[[Picture], object]) -> None:
        for _ in range(40):
            for picture in pictures:
                look(picture)
        done.append(1)

    threads = [
        threading.Thread(target=work, args=(look,), daemon=True)
        for look in (Picture.luma, Picture.jpeg, Picture.luma, Picture.jpeg)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 4
