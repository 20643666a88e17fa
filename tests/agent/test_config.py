"""The agent's file: typos are refused by name, with a suggestion."""

from pathlib import Path

import pytest

from agent.config import ConfigError, read

GOOD = """
[camera]
id = "front"
name = "Front door"
source = "synthetic:1"
[hub]
url = "http://127.0.0.1:8000"
[share]
root = "/srv/share"
[spool]
folder = "/var/spool"
"""


def test_it_reads_a_file_with_sensible_defaults(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(GOOD)
    config = read(tmp_path / "agent.toml")
    assert config.camera.id == "front"
    assert config.recorder.pre_roll_s == 5.0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[share]", "[shore]"), "shore: there is no such setting; did you mean share"),
        (("folder =", "foldr ="), "spool.foldr: there is no such setting; did you mean folder"),
        (('"front"', '"front door"'), "camera.id"),
        (('"http:', '"ftp:'), "hub.url"),
        (("[camera]", "[camera"), "no TOML"),
        (('name = "Front door"', ""), "camera.name: Field required"),
    ],
)
def test_it_names_what_is_wrong(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    (tmp_path / "agent.toml").write_text(GOOD.replace(*change))
    with pytest.raises(ConfigError, match=complaint):
        read(tmp_path / "agent.toml")


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.toml")
