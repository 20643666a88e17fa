"""`doctor`: one line for each thing looked at, with what mends it, and nothing made on the way."""

from pathlib import Path

import pytest

from central.clock import utc_now
from central.context import Hub
from central.health import pulse
from central.health.doctor import examine
from central.settings import Settings
from database.engine import Database
from database.migrate import upgrade
from nfs.share import make_share


def hub_at(home: Path) -> Hub:
    settings = Settings(home=home, timezone="UTC")
    return Hub(settings, Database(settings.url_of_database), utc_now)


def test_it_finds_nothing_wrong_with_a_healthy_hub(tmp_path: Path) -> None:
    hub = hub_at(tmp_path)
    upgrade(hub.database)
    pulse.beat(hub.database, "jobs", hub.clock())
    hub.settings.share_root.mkdir()
    make_share(hub.settings.share_root)
    wrong = [finding.line for finding in examine(hub) if finding.wrong]
    # How full the disk is, is not ours to say here.
    assert [line for line in wrong if "disk is free" not in line] == []


def test_it_says_what_is_wrong_and_how_to_mend_it_and_makes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "nowhere"
    wrong = [finding.line for finding in examine(hub_at(home)) if finding.wrong]
    assert any("database does not answer" in line for line in wrong)
    assert any("no share" in line for line in wrong)
    assert all("Mend:" in line for line in wrong)
    assert not home.exists()


def test_it_tells_an_old_schema_and_an_unmounted_share_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_at(tmp_path)
    hub.settings.share_root.mkdir()
    wrong = " ".join(finding.line for finding in examine(hub) if finding.wrong)
    assert "schema is not up to date" in wrong
    assert "there is no share" in wrong
    assert "the jobs have not run yet" in wrong
    monkeypatch.setenv("PATH", "")
    assert any("ffmpeg is missing" in finding.line for finding in examine(hub))
