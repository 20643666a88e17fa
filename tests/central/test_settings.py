"""Settings: typos are refused by name, and the page of the reference is true."""

from pathlib import Path

import pytest

from central import settings
from central.settings_page import page


def test_it_refuses_a_name_nobody_knows_and_suggests_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_PROT", "1")
    with pytest.raises(settings.SettingsError, match="did you mean GATEHOUSE_PORT"):
        settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "x"), ("TIMEZONE", "Europe/Berlim"), ("OPEN_NETWORKS", "10.0.0.0/99")],
)
def test_it_refuses_a_value_that_makes_no_sense(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GATEHOUSE_{name}", value)
    with pytest.raises(ValueError, match=name.lower()):
        settings.load()


def test_it_reads_networks_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_OPEN_NETWORKS", "192.168.1.0/24, ::1/128")
    assert [str(net) for net in settings.load().open_networks] == ["192.168.1.0/24", "::1/128"]


def test_it_keeps_the_page_of_settings_true() -> None:
    written = Path(__file__).parents[2] / "docs/ref/settings.md"
    assert written.read_text() == page(), "run: python -m central settings > docs/ref/settings.md"
