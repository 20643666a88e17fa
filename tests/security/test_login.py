"""Attacks on the login: guessing, timing, replay, roles in bodies, the last admin."""

from typing import Any

import pytest
from sqlalchemy import select

from central.accounts import login, passwords, totp
from central.accounts.asker import Asker
from central.accounts.limits import Limits
from central.errors import NotLoggedIn
from database.models import RecoveryCode, User
from tests.central.conftest import SetClock
from tests.fakes.door import PAGE, PASSWORD, Door, Visitor

AT = Asker("192.0.2.7", "test")


def with_second_step(door: Door, name: str) -> tuple[str, list[str]]:
    """Switch a user's second step on; return its secret and the recovery codes."""
    visitor = door.person(name)
    page = visitor.get("/account/second-step", headers=PAGE).text
    secret = page.split('class="secret">')[1].split("<")[0].replace(" ", "")
    answer = visitor.submit("/account/second-step", code=totp.code_at(secret, door.hub.clock()))
    assert answer.status_code == 200
    return secret, [part.split("<")[0] for part in answer.text.split("<li>")[1:] if "-" in part]


def ticket_of(visitor: Visitor, name: str) -> str:
    answer = visitor.log_in(name)
    assert answer.status_code == 200
    return str(answer.text.split('name="ticket" value="')[1].split('"')[0])


def test_it_stops_after_ten_wrong_passwords_of_twenty(door: Door) -> None:
    door.user("anna")
    answers = [door.stranger().log_in("anna", f"wrong {number}") for number in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 10
    assert int(answers[-1].headers["retry-after"]) > 0
    right = door.stranger().log_in("anna")
    assert right.status_code == 429
    assert door.stranger().log_in("admin").status_code == 303


def test_it_counts_a_name_nobody_has_in_the_same_way(door: Door) -> None:
    answers = [door.stranger().log_in("nobody", f"wrong {n}").status_code for n in range(20)]
    assert answers == [401] * 10 + [429] * 10


def test_it_stops_an_address_that_tries_many_names(door: Door) -> None:
    answers = [door.stranger().log_in(f"name{n}", "wrong").status_code for n in range(35)]
    assert answers == [401] * 30 + [429] * 5


def test_it_believes_no_address_that_anybody_can_write(door: Door) -> None:
    visitor = door.stranger()
    codes = [
        visitor.post(
            "/login",
            data={"name": f"name{number}", "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}", "X-Real-Ip": f"203.0.113.{number}"},
        ).status_code
        for number in range(35)
    ]
    assert codes[30:] == [429] * 5
    assert {entry.address for entry in door.told("login.refused")} == {"testclient"}


def test_it_counts_api_and_page_together(door: Door) -> None:
    door.user("anna")
    for number in range(10):
        assert door.stranger().log_in("anna", f"wrong {number}").status_code == 401
    assert door.stranger().token_pair("anna").status_code == 429


@pytest.mark.parametrize("name", ["admin", "nobody", "", "x" * 5000])
def test_it_hashes_as_often_for_a_name_nobody_has(door: Door, name: str) -> None:
    hashed: list[str] = []

    class Counting(type(passwords._HASHER)):  # type: ignore[misc]
        def verify(self, hash: str, password: str) -> bool:
            hashed.append(hash)
            return bool(super().verify(hash, password))

    real = passwords._HASHER
    passwords._HASHER = Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    try:
        with pytest.raises(NotLoggedIn):
            login.check_password(door.hub, Limits(), AT, name, "wrong")
    finally:
        passwords._HASHER = real
    assert len(hashed) == 1
    assert "m=19456,t=2,p=1" in hashed[0]


def test_it_asks_for_the_second_step_and_lets_in_with_it(door: Door, clock: SetClock) -> None:
    secret, _ = with_second_step(door, "anna")
    clock.move(minutes=1)
    visitor = door.stranger()
    ticket = ticket_of(visitor, "anna")
    assert visitor.session == ""
    assert visitor.get("/api/v1/account").status_code == 401
    wrong = visitor.post("/login/code", data={"ticket": ticket, "code": "000000"})
    assert wrong.status_code == 401
    code = totp.code_at(secret, clock())
    answer = visitor.post("/login/code", data={"ticket": ticket, "code": code, "next": "/account"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert visitor.get("/api/v1/account").json()["name"] == "anna"


def test_it_takes_no_code_twice(door: Door, clock: SetClock) -> None:
    secret, _ = with_second_step(door, "anna")
    first, second = door.stranger(), door.stranger()
    again = totp.code_at(secret, clock())
    told = {"ticket": ticket_of(first, "anna"), "code": again}
    assert first.post("/login/code", data=told).status_code == 401  # it has confirmed the set-up
    clock.move(minutes=1)
    code = totp.code_at(secret, clock())
    told = {"ticket": ticket_of(first, "anna"), "code": code}
    assert first.post("/login/code", data=told).status_code == 303
    told = {"ticket": ticket_of(second, "anna"), "code": code}
    assert second.post("/login/code", data=told).status_code == 401
    assert second.token_pair("anna", totp=code).status_code == 401


def test_it_takes_a_recovery_code_once(door: Door) -> None:
    _, codes = with_second_step(door, "anna")
    assert len(codes) == 10
    typed = codes[0].lower().replace("-", " ")
    visitor = door.stranger()
    told = {"ticket": ticket_of(visitor, "anna"), "code": typed}
    assert visitor.post("/login/code", data=told).status_code == 303
    again = door.stranger()
    told = {"ticket": ticket_of(again, "anna"), "code": codes[0]}
    assert again.post("/login/code", data=told).status_code == 401
    with door.hub.database.reading() as session:
        assert not set(codes) & set(session.scalars(select(RecoveryCode.code_sha256)))
        assert session.scalars(select(User.totp_secret)).all() != []


def test_it_stops_guessing_at_the_second_step(door: Door) -> None:
    with_second_step(door, "anna")
    visitor = door.stranger()
    ticket = ticket_of(visitor, "anna")
    codes = [
        visitor.post("/login/code", data={"ticket": ticket, "code": f"{n:06}"}).status_code
        for n in range(8)
    ]
    assert codes == [401] * 6 + [429] * 2


@pytest.mark.parametrize("ticket", ["", "x", "1:9999999999:abc", "gAAAAA=="])
def test_it_takes_no_ticket_it_did_not_give(door: Door, ticket: str) -> None:
    answer = door.stranger().post("/login/code", data={"ticket": ticket, "code": "000000"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_it_lets_a_ticket_run_out(door: Door, clock: SetClock) -> None:
    secret, _ = with_second_step(door, "anna")
    visitor = door.stranger()
    ticket = ticket_of(visitor, "anna")
    clock.move(minutes=6)
    told = {"ticket": ticket, "code": totp.code_at(secret, clock())}
    assert visitor.post("/login/code", data=told).status_code == 401


def test_it_switches_the_second_step_off_only_with_the_password(
    door: Door, clock: SetClock
) -> None:
    secret, _ = with_second_step(door, "anna")
    clock.move(minutes=1)
    visitor = door.stranger()
    told = {"ticket": ticket_of(visitor, "anna"), "code": totp.code_at(secret, clock())}
    visitor.post("/login/code", data=told)
    assert visitor.submit("/account/second-step/off", password="wrong").status_code == 422
    assert visitor.get("/api/v1/account").json()["second_step"] is True
    assert visitor.submit("/account/second-step/off", password=PASSWORD).status_code == 303
    assert visitor.get("/api/v1/account").json()["second_step"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"role": "admin"},
        {"name": "anna", "role": "admin"},
        {"name": "anna", "cameras": "all"},
        {"name": "anna", "enabled": True, "id": 1},
        {"name": "anna", "permissions": ["users:write"]},
    ],
)
def test_it_gives_nobody_a_role_they_write_themselves(door: Door, body: dict[str, Any]) -> None:
    anna = door.person("anna")
    assert anna.call("PATCH", "/api/v1/account", body).status_code == 422
    assert anna.submit("/account/name", **{"name": "anna", "role": "admin"}).status_code == 303
    assert anna.get("/api/v1/account").json()["role"] == "viewer"
    assert anna.get("/api/v1/users").status_code == 403


def test_it_keeps_the_last_admin_who_can_log_in(door: Door) -> None:
    admin = door.entered("admin")
    known = admin.get("/api/v1/account").json()["id"]
    one = f"/api/v1/users/{known}"
    for body in ({"role": "viewer"}, {"enabled": False}):
        assert admin.call("PATCH", one, body).status_code == 409
    assert admin.call("DELETE", one).status_code == 409
    assert admin.submit(f"/users/{known}/delete").status_code == 409
    disabled = door.user("eve", "admin")
    assert admin.call("PATCH", f"/api/v1/users/{disabled}", {"enabled": False}).status_code == 200
    assert admin.call("DELETE", one).status_code == 409  # the other one cannot log in
    door.user("bob", "admin")
    assert admin.call("DELETE", one).status_code == 204
    assert admin.get("/api/v1/account").status_code == 401


def test_it_does_not_keep_what_was_typed_into_a_refused_login(door: Door) -> None:
    door.stranger().log_in("my secret password", "x")
    door.stranger().log_in("admin", "my other secret")
    told = " ".join(str(entry) for entry in door.told())
    assert "secret" not in told
    assert "login.refused" in told
