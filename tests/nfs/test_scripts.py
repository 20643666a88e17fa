"""The share's scripts, run as a maintainer runs them, against a scratch tree."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from nfs.share import make_share

SCRIPTS = Path(__file__).parents[2] / "nfs"


def run(name: str, *words: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPTS / name), *words, *(["--root", str(root)] if root else [])],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    done = run("setup_nfs.sh", root=tmp_path)
    assert done.returncode == 0, done.stderr
    make_share(tmp_path / "srv/gatehouse/share")
    return tmp_path


def test_it_makes_a_share_that_others_may_enter_but_not_write(tree: Path) -> None:
    share = tree / "srv/gatehouse/share"
    assert stat.S_IMODE(share.stat().st_mode) == 0o2775
    assert "vers3=n" in (tree / "etc/nfs.conf.d/gatehouse.conf").read_text()


def test_it_gives_each_camera_a_folder_and_an_identity_of_its_own(tree: Path) -> None:
    for camera, address in (("front", "192.168.1.21"), ("yard", "cam-2.local")):
        done = run("add_camera.sh", camera, address, root=tree)
        assert done.returncode == 0, done.stderr
        assert "nfsvers=4.2,hard,noatime,_netdev,nofail,x-systemd.automount" in done.stdout
    lines = [(tree / f"etc/exports.d/gatehouse-{c}.exports").read_text() for c in ("front", "yard")]
    options = "rw,sync,no_subtree_check,all_squash"
    assert lines[0] == (
        f"/srv/gatehouse/share 192.168.1.21({options},anonuid=61001,anongid=61001)\n"
    )
    assert "anonuid=61002" in lines[1]
    folder = tree / "srv/gatehouse/share/front"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
    assert folder.stat().st_uid == (61001 if os.geteuid() == 0 else os.geteuid())


def test_it_may_be_run_again_and_changes_nothing(tree: Path) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    before = contents(tree)
    for _again in range(2):
        assert run("setup_nfs.sh", root=tree).returncode == 0
        assert run("add_camera.sh", "front", "192.168.1.21", root=tree).returncode == 0
    assert contents(tree) == before


def test_it_keeps_a_cameras_number_when_its_address_changes(tree: Path) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    run("add_camera.sh", "yard", "192.168.1.22", root=tree)
    run("add_camera.sh", "front", "192.168.1.99", root=tree)
    assert "192.168.1.99(rw" in (tree / "etc/exports.d/gatehouse-front.exports").read_text()
    table = (tree / "etc/gatehouse/nfs-cameras").read_text().splitlines()
    assert sorted(table) == ["front 61001 192.168.1.99", "yard 61002 192.168.1.22"]


def test_it_never_gives_two_cameras_one_address(tree: Path) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    done = run("add_camera.sh", "yard", "192.168.1.21", root=tree)
    assert done.returncode == 2
    assert "front's" in done.stderr
    assert not (tree / "etc/exports.d/gatehouse-yard.exports").exists()


def test_it_withdraws_a_camera_and_keeps_its_footage(tree: Path) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    (tree / "srv/gatehouse/share/front/clip").write_text("x")
    assert run("add_camera.sh", "front", "--remove", root=tree).returncode == 0
    assert not (tree / "etc/exports.d/gatehouse-front.exports").exists()
    assert "front" not in (tree / "etc/gatehouse/nfs-cameras").read_text()
    assert (tree / "srv/gatehouse/share/front/clip").exists()


@pytest.mark.parametrize(
    ("camera", "address"),
    [
        ("../etc", "192.168.1.21"),
        ("front door", "192.168.1.21"),
        ("front", "*"),
        ("front", "192.168.1.21(rw,no_root_squash)"),
        ("front", "a b"),
        ("front", "x\n/ *(rw)"),
        ("a" * 51, "192.168.1.21"),
    ],
)
def test_it_refuses_names_that_would_say_more_in_exports(
    tree: Path, camera: str, address: str
) -> None:
    before = contents(tree)
    done = run("add_camera.sh", camera, address, root=tree)
    assert done.returncode == 2
    assert contents(tree) == before


@pytest.mark.parametrize(
    "words", [("setup_nfs.sh",), ("add_camera.sh", "front", "192.168.1.21")], ids=lambda w: w[0]
)
def test_it_changes_nothing_in_a_dry_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(*words, "--dry-run", root=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "would" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_verifies_a_good_share(tree: Path) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    done = run("verify_nfs.sh", root=tree)
    lines = [line for line in done.stdout.splitlines() if "of its disk is free" not in line]
    assert [line for line in lines if not line.startswith("ok ")] in ([], owner_complaint(lines))
    assert len(lines) >= 5


def owner_complaint(lines: list[str]) -> list[str]:
    """Only root can give a folder away."""
    return [line for line in lines if "not its own" in line and os.geteuid() != 0]


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ("marker", "no marker"),
        ("folder", "has no folder"),
        ("mode", "open to others"),
        ("export", "export is missing or changed"),
        ("share", "there is no share"),
        ("world", "everybody may write"),
    ],
)
def test_it_names_what_is_wrong_and_how_to_mend_it(tree: Path, spoil: str, word: str) -> None:
    run("add_camera.sh", "front", "192.168.1.21", root=tree)
    share = tree / "srv/gatehouse/share"
    if spoil == "marker":
        (share / ".gatehouse-share").unlink()
    elif spoil == "folder":
        (share / "front").rmdir()
    elif spoil == "mode":
        (share / "front").chmod(0o2777)
    elif spoil == "export":
        (tree / "etc/exports.d/gatehouse-front.exports").write_text("/srv *(rw,no_root_squash)\n")
    elif spoil == "share":
        share.rename(tree / "elsewhere")
    else:
        share.chmod(0o777)
    done = run("verify_nfs.sh", root=tree)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if word in line]
    assert line.startswith("WRONG")
    assert "Mend:" in line


def test_it_tries_a_mounted_share_and_leaves_nothing_behind(tree: Path) -> None:
    share = tree / "srv/gatehouse/share"
    (share / "front").mkdir()
    before = contents(tree)
    done = run("test_nfs_mount.sh", "front", "--share", str(share), "--any-filesystem")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"8 MB written and synced in \d+ ms", done.stdout)
    assert "read back, the same" in done.stdout
    assert contents(tree) == before


def test_it_says_when_no_nfs_is_mounted(tree: Path) -> None:
    share = tree / "srv/gatehouse/share"
    done = run("test_nfs_mount.sh", "front", "--share", str(share))
    assert done.returncode == 1
    assert "no NFS is mounted" in done.stdout


def test_it_ends_in_time_on_a_share_that_does_not_answer(tree: Path, tmp_path: Path) -> None:
    share = tree / "srv/gatehouse/share"
    (share / "front").mkdir()
    slow = tmp_path / "bin" / "dd"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")  # a write that never comes back
    slow.chmod(0o755)
    options = ("--share", str(share), "--any-filesystem", "--limit", "1")
    done = subprocess.run(
        [str(SCRIPTS / "test_nfs_mount.sh"), "front", *options],
        env={**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert "did not answer within 1 s" in done.stdout


@pytest.mark.parametrize(
    "name", ["setup_nfs.sh", "add_camera.sh", "verify_nfs.sh", "test_nfs_mount.sh"]
)
def test_it_explains_itself_when_it_is_used_wrongly(name: str) -> None:
    done = run(name, "--nonsense")
    assert done.returncode == 2
    assert f"nfs/{name}" in done.stdout
