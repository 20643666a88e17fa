"""jobctl on a real household: what it says is so, and what it is asked to do happens."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.ctl.bundle import without_secrets
from scripts.ctl.parts import plain
from scripts.running import Running, read, started_ticks, write
from tests.fakes.house import wait_for
from tests.fakes.mariadb import die_with_parent, free_port

ROOT = Path(__file__).parents[2]


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GATEHOUSE_")}
    return {
        **kept,
        "GATEHOUSE_HOME": str(home),
        "GATEHOUSE_VENV": str(Path(sys.executable).parents[1]),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A household with hub, jobs and one camera."""
    place = tmp_path_factory.mktemp("household")
    port = free_port()
    words = ["-m", "scripts.household", "--cameras", "1", "--port", str(port), "--home", str(place)]
    with (place / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *words],
            env=environment(place),
            cwd=ROOT,
            stdout=said,
            stderr=said,
            preexec_fn=die_with_parent,
        )
    try:
        wait_for(
            lambda: len(list((place / "run").glob("*.json"))) == 3,
            60,
            lambda: (place / "said").read_text(),
        )
        yield place
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def jobctl(home: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scripts/jobctl"), *words],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        input=stdin,
    )


def status(home: Path) -> dict[str, dict[str, Any]]:
    done = jobctl(home, "--json", "status")
    return {part["name"]: part for part in json.loads(done.stdout)}


def camera_of(home: Path) -> str:
    return next(name for name in status(home) if name not in ("hub", "jobs"))


def test_it_says_how_every_part_is(home: Path) -> None:
    found = status(home)
    assert {"hub", "jobs"} < set(found)
    assert {part["state"] for part in found.values()} == {"running"}
    for part in found.values():
        assert started_ticks(part["pid"]) > 0
    assert jobctl(home, "status").returncode == 0


def test_it_stops_a_part_that_then_stays_stopped_and_starts_it(home: Path) -> None:
    before = status(home)["jobs"]["pid"]
    assert jobctl(home, "stop", "jobs").returncode == 0
    assert started_ticks(before) == 0
    time.sleep(1.5)  # long enough for the household to start it again, were it not asked not to
    found = status(home)
    assert found["jobs"]["state"] == "stopped"
    assert found["hub"]["state"] == "running"
    assert jobctl(home, "status").returncode == 1
    assert jobctl(home, "start", "jobs").returncode == 0
    assert status(home)["jobs"]["state"] == "running"


def test_it_restarts_one_part_and_no_other(home: Path) -> None:
    before, camera = status(home), camera_of(home)
    done = jobctl(home, "restart", camera)
    assert done.returncode == 0, done.stderr
    after = status(home)
    assert after[camera]["pid"] != before[camera]["pid"]
    assert after["hub"]["pid"] == before["hub"]["pid"]


def test_it_names_what_there_is_when_asked_for_what_is_not(home: Path) -> None:
    done = jobctl(home, "restart", "nonsense")
    assert done.returncode == 2
    assert "there is: " in done.stderr
    assert "jobs" in done.stderr


def test_it_shows_the_lines_of_one_part_and_follows_them(home: Path) -> None:
    lines = jobctl(home, "logs", "jobs").stdout.splitlines()
    assert any("jobs are running" in line for line in lines)
    assert all(" jobs " in line for line in lines)
    follower = subprocess.Popen(
        [str(ROOT / "scripts/jobctl"), "follow", "jobs", "-n", "0"],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    )
    time.sleep(1)
    jobctl(home, "restart", "jobs")
    assert follower.stdout is not None
    assert " jobs " in follower.stdout.readline()
    follower.terminate()
    follower.wait(10)


@pytest.mark.parametrize("words", [("doctor",), ("check",), ("list",), ("run", "expire-leases")])
def test_it_hands_over_to_the_hubs_own_commands(home: Path, words: tuple[str, ...]) -> None:
    done = jobctl(home, *words)
    assert done.returncode in (0, 1 if words == ("doctor",) else 0), done.stdout + done.stderr
    assert done.stdout


def test_it_refuses_a_job_that_does_not_exist(home: Path) -> None:
    done = jobctl(home, "run", "nonsense")
    assert done.returncode == 2
    assert "retention" in done.stderr


def test_it_backs_up_and_restores_with_the_hub_stopped_meanwhile(home: Path) -> None:
    assert jobctl(home, "backup").returncode == 0
    (made, *_more) = sorted((home / "backups").iterdir())
    before = status(home)["hub"]["pid"]
    done = jobctl(home, "restore", str(made))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as they should be" in done.stdout
    found = status(home)
    assert found["hub"]["state"] == found["jobs"]["state"] == "running"
    assert found["hub"]["pid"] != before


def test_it_makes_a_bundle_for_helpers_without_secrets(home: Path, tmp_path: Path) -> None:
    camera = camera_of(home)
    token = (home / "agents" / camera / "token").read_text().strip()
    with (home / "logs" / "hub.log").open("a") as log:
        log.write(f"2026-01-01T00:00:00 Authorization: Bearer {token} rtsp://me:pw1@host/x\n")
    done = jobctl(home, "support-bundle", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.strip())
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as packed:
        texts = {
            Path(entry.name).name: (packed.extractfile(entry) or sys.stdin.buffer).read().decode()
            for entry in packed
        }
    assert set(texts) >= {"machine.txt", "status.json", "doctor.txt", "check.txt", "log.txt"}
    assert "jobs are running" in texts["log.txt"]
    assert token not in "".join(texts.values())
    assert "pw1" not in texts["log.txt"]


def test_it_says_so_where_nothing_runs(tmp_path: Path) -> None:
    done = jobctl(tmp_path, "status")
    assert done.returncode == 1
    assert "nothing of Gatehouse" in done.stdout
    assert jobctl(tmp_path, "upgrade", str(ROOT)).returncode == 1
    assert jobctl(tmp_path, "nonsense").returncode == 2


def test_it_never_takes_another_process_for_ours(tmp_path: Path) -> None:
    file = tmp_path / "run" / "hub.json"
    mine = Running("hub", ["central", "serve"], os.getpid(), started_ticks(os.getpid()), 0.0)
    write(file, mine)
    assert read(file).lives
    write(file, Running("hub", [], os.getpid(), mine.ticks - 1, 0.0))
    assert not read(file).lives
    done = jobctl(tmp_path, "--json", "status")
    assert json.loads(done.stdout)[0]["state"] == "failed"


@pytest.mark.parametrize(
    "line",
    [
        "GATEHOUSE_ADMIN_PASSWORD=hunter2",
        "password: hunter2",
        '{"api_token": "hunter2"}',
        "Authorization: Bearer hunter2.abc",
        "mysql+pymysql://gatehouse:hunter2@127.0.0.1/db",
        "rtsp://admin:hunter2@10.0.0.9/stream",
        "key hunter2hunter2hunter2hunter2hunter2hunter2hunter2",
    ],
)
def test_it_removes_secrets_however_they_are_written(line: str) -> None:
    assert "hunter2" not in without_secrets(line)


def test_it_leaves_alone_what_is_no_secret() -> None:
    line = "event 6f1c2b1e-1111-4222-8333-444455556666: clip closed, 12.4 s, front/2026-03-01/x"
    assert without_secrets(line) == line


def test_it_shows_nothing_that_a_terminal_would_obey() -> None:
    assert plain("a\x1b[2Jb\x07\n") == "a�[2Jb�"
