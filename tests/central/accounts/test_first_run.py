"""The first admin over the network: only with the code that the hub has printed."""

import pytest

from central.accounts import first_run, users
from central.app import make_app
from central.context import Hub
from tests.fakes.door import PAGE, PASSWORD, Visitor

GOOD = {"name": "anna", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    return Visitor(make_app(hub))


def test_it_makes_the_first_admin_with_the_code_and_logs_in(hub: Hub, visitor: Visitor) -> None:
    code = first_run.code_of(hub)
    assert code is not None
    assert code == first_run.code_of(hub)
    assert visitor.get("/login", headers=PAGE).headers["location"] == "/first-run"
    answer = visitor.post("/first-run", data={"code": code.lower(), **GOOD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.get("/api/v1/account").json()["role"] == "admin"
    assert first_run.code_of(hub) is None
    assert not (hub.settings.home / "first-run-code").exists()


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA", "None", "\x00"])
def test_it_makes_nobody_without_the_code(hub: Hub, visitor: Visitor, code: str) -> None:
    for _ in range(2):
        assert visitor.post("/first-run", data={"code": code, **GOOD}).status_code == 422
        first_run.code_of(hub)
    assert users.is_empty(hub)


def test_it_stops_guessing(hub: Hub, visitor: Visitor) -> None:
    code = first_run.code_of(hub) or ""
    codes = [
        visitor.post("/first-run", data={"code": f"AAAA-BBBB-{n:04}", **GOOD}).status_code
        for n in range(11)
    ]
    assert codes == [422] * 10 + [429]
    assert visitor.post("/first-run", data={"code": code, **GOOD}).status_code == 429


def test_it_works_no_more_once_there_is_a_user(hub: Hub, visitor: Visitor) -> None:
    code = first_run.code_of(hub) or ""
    users.ensure_admin(hub)
    answer = visitor.post("/first-run", data={"code": code, **GOOD})
    assert answer.headers["location"] == "/login"
    assert visitor.get("/first-run").headers["location"] == "/login"
    with hub.database.reading() as session:
        assert [one.name for one in users.every(session)] == ["admin"]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"again": "different one"}, "passwords differ"),
        ({"password": "short", "again": "short"}, "at least 10"),
        ({"name": "<b>"}, "A name has"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_the_code(
    hub: Hub, visitor: Visitor, told: dict[str, str], sentence: str
) -> None:
    code = first_run.code_of(hub) or ""
    answer = visitor.post("/first-run", data={"code": code, **GOOD, **told})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert code in answer.text
    assert "<b>" not in answer.text
