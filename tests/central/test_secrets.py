"""The master key: made once, kept from others, rotated without loss; purposes kept apart."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from central import secrets
from central.secrets import Secrets, SecretsError


def test_it_makes_the_file_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "home" / "master.key"
    sealed = secrets.load(path).seal("camera", "rtsp://user:pass@10.0.0.5/")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.load(path).open("camera", sealed) == "rtsp://user:pass@10.0.0.5/"
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]
    assert "pass" not in sealed


def test_it_makes_one_key_however_many_start_at_once(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    code = (
        "import sys; from pathlib import Path; from central import secrets;"
        "print(secrets.load(Path(sys.argv[1])).keys('x'))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({child.communicate(timeout=60)[0] for child in started}) == 1


def test_it_refuses_a_key_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    secrets.load(path)
    path.chmod(0o640)
    with pytest.raises(SecretsError, match="chmod 600"):
        secrets.load(path)


@pytest.mark.parametrize("content", ["", "abc\n", "not base64 !\n", "AAAA\nAAAA\n"])
def test_it_says_what_is_wrong_with_a_damaged_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SecretsError):
        secrets.load(path)


def test_it_opens_what_was_sealed_before_the_key_was_rotated(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    before = secrets.load(path)
    sealed = before.seal("camera", "old")
    secrets.rotate(path)
    after = secrets.load(path)
    assert after.open("camera", sealed) == "old"
    assert list(after.keys("token"))[1:] == list(before.keys("token"))
    with pytest.raises(SecretsError):
        before.open("camera", after.seal("camera", "new"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_keeps_purposes_apart() -> None:
    one = Secrets([b"k" * 32])
    assert not set(one.keys("a").values()) & set(one.keys("b").values())
    with pytest.raises(SecretsError):
        one.open("b", one.seal("a", "text"))


@pytest.mark.parametrize("spoilt", ["", "x", "gAAAAAB" + "A" * 100, "\x00", "é"])
def test_it_opens_nothing_it_did_not_seal(spoilt: str) -> None:
    with pytest.raises(SecretsError):
        Secrets([b"k" * 32]).open("a", spoilt)
