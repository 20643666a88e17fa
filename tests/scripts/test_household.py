"""The house on one machine: which cameras, what it says, and that nothing is left of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.cameras import NoFootage, plan
from tests.fakes.house import ROOT, wait_for
from tests.fakes.mariadb import free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Front door (2).mp4", "back.MKV", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_it_makes_a_camera_of_each_video(folder: Path) -> None:
    cameras = plan(None, folder)
    assert [(c.camera_id, c.name) for c in cameras] == [
        ("front_door_2", "Front door 2"),
        ("back", "Back"),
    ]
    assert cameras[0].source == f"file:{folder}/Front door (2).mp4"


def test_it_shows_a_video_twice_when_more_cameras_are_asked_for(folder: Path) -> None:
    ids = [camera.camera_id for camera in plan(5, folder)]
    assert len(set(ids)) == 5


def test_it_keeps_long_names_short_enough_for_an_id(tmp_path: Path) -> None:
    (tmp_path / ("x" * 120 + ".mp4")).write_bytes(b"x")
    assert all(len(camera.camera_id) <= 50 for camera in plan(3, tmp_path))


def test_it_says_when_there_is_no_footage(tmp_path: Path) -> None:
    with pytest.raises(NoFootage, match="no video"):
        plan(None, tmp_path)


def test_it_looks_for_footage_where_the_environment_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_FOOTAGE", str(folder))
    assert len(plan(None, None)) == 2


def test_it_draws_a_scene_of_its_own_without_footage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEHOUSE_FOOTAGE", raising=False)
    monkeypatch.setattr("scripts.cameras.BESIDE", tmp_path)
    assert [camera.source for camera in plan(None, None)] == ["synthetic:1", "synthetic:2"]


def start(home: Path, port: int, *options: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEHOUSE_")}
    command = [sys.executable, "-m", "scripts.household", "--home", str(home), "--port", str(port)]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=(home.parent / "out").open("w"),
        stderr=subprocess.STDOUT,
        text=True,
    )


def ours(home: Path) -> list[str]:
    """Return the command lines of processes that work in this home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"GATEHOUSE_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_leaves_no_process_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    house = start(home, free_port(), "--cameras", "1", "--footage", str(synthetic(tmp_path)))
    wait_for(lambda: "watching" in out.read_text(), 60, out.read_text)
    assert len(ours(home)) >= 3
    house.send_signal(number)
    house.wait(20)
    wait_for(lambda: not ours(home), 10, lambda: f"left: {ours(home)}")


def test_it_shows_the_password_once(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    for expected in (True, False):
        house = start(home, free_port(), "--cameras", "0")
        wait_for(lambda: "Gatehouse is at" in out.read_text(), 60, out.read_text)
        time.sleep(0.3)
        assert ("with password" in out.read_text()) is expected
        house.send_signal(signal.SIGINT)
        assert house.wait(20) == 0


def test_it_says_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        house = start(tmp_path / "home", taken.getsockname()[1])
        assert house.wait(20) == 1
    assert "choose one with --port" in (tmp_path / "out").read_text()


def test_it_refuses_an_option_it_does_not_know(tmp_path: Path) -> None:
    house = start(tmp_path / "home", 1, "--foot", "x")
    assert house.wait(20) == 2
    assert "--foot" in (tmp_path / "out").read_text()


def synthetic(folder: Path) -> Path:
    """Make a small video and return its path."""
    made = folder / "small.mp4"
    command = "ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=10 -t 5 -pix_fmt yuv420p"
    subprocess.run([*command.split(), str(made)], check=True, timeout=60)
    return made
