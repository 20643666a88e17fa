"""What the maintainer sets for cameras whose old agents cannot say it."""

import pytest
from typer.testing import CliRunner

from central.cameras import registry
from central.cameras.commands import commands
from central.context import Hub
from tests.fakes.events import NOON, camera


def test_it_sets_zone_and_rate_and_shows_them(hub: Hub) -> None:
    registry.register(hub.database, camera(), NOON)
    cli, run = commands(lambda: hub), CliRunner()
    done = run.invoke(cli, ["set", "front", "--timezone", "Asia/Tokyo", "--frames-per-s", "10"])
    assert done.exit_code == 0, done.output
    shown = run.invoke(cli, ["list"]).output
    assert "front: Front door, Street; online" in shown
    assert "Asia/Tokyo, 10 frames/s" in shown
    assert run.invoke(cli, ["set", "front", "--timezone", ""]).exit_code == 0
    assert "Europe/Berlin (the house's), 10 frames/s" in run.invoke(cli, ["list"]).output


@pytest.mark.parametrize(
    "words",
    [
        ["set", "front"],
        ["set", "nobody", "--frames-per-s", "10"],
        ["set", "front", "--frames-per-s", "0"],
        ["set", "front", "--timezone", "Berlin/Germany"],
        ["set", "front", "--timezone", "../../etc/passwd"],
    ],
)
def test_it_refuses_with_exit_code_2(hub: Hub, words: list[str]) -> None:
    registry.register(hub.database, camera(), NOON)
    done = CliRunner().invoke(commands(lambda: hub), words)
    assert done.exit_code == 2
