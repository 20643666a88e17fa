"""What the maintainer does to users, by real commands on a real home."""

from collections.abc import Iterator

import pytest
import requests

from tests.fakes.house import House, house


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    with house() as made:
        yield made


def test_it_adds_lists_changes_and_deletes_users(home: House) -> None:
    assert home.command("user", "add", "anna", "--role", "operator").startswith("password of anna:")
    assert "anna  operator  all cameras" in home.command("user", "list")
    home.command("user", "role", "anna", "viewer")
    home.command("user", "disable", "anna")
    assert "anna  viewer  all cameras  disabled" in home.command("user", "list")
    home.command("user", "enable", "anna")
    home.command("user", "delete", "anna")
    assert "anna" not in home.command("user", "list")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("disable", "admin"), "last admin"),
        (("delete", "admin"), "last admin"),
        (("role", "admin", "viewer"), "last admin"),
        (("reset", "nobody"), "there is no user nobody"),
        (("add", "admin"), "there is a user admin already"),
        (("add", "x", "--camera", "nowhere"), "there is no camera nowhere"),
    ],
)
def test_it_says_in_a_line_why_not(home: House, words: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(RuntimeError, match=complaint) as caught:
        home.command("user", *words)
    assert "Traceback" not in str(caught.value)


def test_it_resets_a_password_and_ends_every_login(home: House) -> None:
    home.start_hub()
    http = home.session()
    assert http.get(f"{home.url}/api/v1/account", timeout=10).status_code == 200
    fresh = home.command("user", "reset", "admin").split(": ")[1].strip()
    assert http.get(f"{home.url}/api/v1/account", timeout=10).status_code == 401
    answer = requests.post(
        f"{home.url}/login",
        data={"name": "admin", "password": fresh},
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 303
    assert fresh not in home.log("hub")
