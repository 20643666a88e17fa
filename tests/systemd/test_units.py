"""The units: systemd finds nothing wrong with them, and they may do little."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSED = {"gatehouse-agent@": 2.0}
"""An agent needs its camera's devices; everything else is held to 1.5."""


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False
    )


def installed(folder: Path) -> list[Path]:
    """The units as on a machine on which everything that they start is there."""
    made = []
    found = [*SERVICES, UNITS / "gatehouse.target", *(UNITS / "examples").glob("*mount")]
    for unit in found:
        text = unit.read_text().replace("/opt/gatehouse/current/venv/bin/python", sys.executable)
        text = re.sub(r"file:/opt/gatehouse/current/", f"file:{UNITS.parent}/", text)
        name = unit.name.replace("@.", "@front.")
        (folder / name).write_text(text)
        made.append(folder / name)
    return made


def test_it_finds_nothing_wrong_with_any_unit(tmp_path: Path) -> None:
    done = analyze("verify", "--man=no", *map(str, installed(tmp_path)))
    ours = [line for line in done.stderr.splitlines() if "gatehouse" in line]
    assert ours == []


def test_it_would_find_a_wrong_line(tmp_path: Path) -> None:
    units = installed(tmp_path)
    units[0].write_text(units[0].read_text().replace("[Service]", "[Service]\nNoSuchThing=yes"))
    assert "NoSuchThing" in analyze("verify", "--man=no", str(units[0])).stderr


@pytest.mark.parametrize("camera_mount", sorted((UNITS / "examples/camera").iterdir()), ids=str)
def test_it_finds_nothing_wrong_with_a_cameras_mount(camera_mount: Path) -> None:
    folder = str(camera_mount.parent)
    names = [str(path) for path in camera_mount.parent.iterdir()]
    done = analyze("verify", "--man=no", *names)
    assert folder not in done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_it_is_hardly_exposed(unit: Path) -> None:
    done = analyze("security", "--offline=true", str(unit))
    score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert score is not None, done.stderr
    assert float(score[1]) <= MOST_EXPOSED.get(unit.stem, 1.5)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_it_starts_again_by_itself_is_bounded_and_never_root(unit: Path) -> None:
    text = unit.read_text()
    assert "\nRestart=always\n" in text
    assert re.search(r"\nMemoryMax=\d+M\n", text)
    assert re.search(r"\nUser=gatehouse[a-z-]*\n", text)
    assert "\nPartOf=gatehouse.target\n" in text


def test_it_says_of_every_directive_why_it_is_there() -> None:
    page = (UNITS.parent / "docs/ref/systemd.md").read_text()
    names = {
        line.split("=")[0]
        for unit in SERVICES
        for line in unit.read_text().splitlines()
        if "=" in line and not line.startswith("#")
    }
    assert sorted(name for name in names if f"`{name}" not in page) == []
