"""Attacks on tokens: forged, confused, reused, kept, guessed, shared between cameras."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from central.accounts import access_tokens, enrolment
from central.accounts.credentials import BELIEVED_S
from central.audit.log import COMMAND
from database.models import AgentToken, ApiToken, Enrolment, RefreshToken
from tests.central.conftest import SetClock
from tests.fakes.door import PAGE, PASSWORD, Door, Visitor, secret_of

SELF = "/api/v1/account"


def is_in(visitor: Visitor, token: str, path: str = SELF) -> bool:
    return bool(visitor.call("GET", path, token=token).status_code == 200)


def ends_soon(visitor: Visitor, token: str, path: str = SELF) -> bool:
    """Tell whether the token stops working within the time it may be believed."""
    ends_at = time.monotonic() + BELIEVED_S + 0.5
    while time.monotonic() < ends_at:
        if visitor.call("GET", path, token=token).status_code == 401:
            return True
        time.sleep(0.05)
    return False


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forgeries(door: Door, good: str) -> dict[str, str]:
    """What attackers make of a good token."""
    head, body, _ = good.split(".")
    header = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    ours = door.hub.secrets.keys(access_tokens.PURPOSE)[header["kid"]]
    other = next(iter(door.hub.secrets.keys("another purpose").values()))

    def signed(head: Any, told: Any, key: bytes) -> str:
        said = f"{encoded(head)}.{encoded(told)}"
        digest = hmac.new(key, said.encode(), hashlib.sha256).digest()
        return f"{said}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    return {
        "no algorithm": f"{encoded({**header, 'alg': 'none'})}.{body}.",
        "no algorithm, odd case": f"{encoded({**header, 'alg': 'nOnE'})}.{body}.",
        "no signature": f"{head}.{body}.",
        "another user": f"{head}.{encoded({**claims, 'sub': '1'})}.{good.split('.')[2]}",
        "empty key": signed(header, claims, b""),
        "key of another purpose": signed(header, claims, other),
        "no such kid": signed({**header, "kid": "000000000000"}, claims, ours),
        "kid as a path": signed({**header, "kid": "../../../../dev/null"}, claims, b""),
        "kid as a list": signed({**header, "kid": [header["kid"]]}, claims, ours),
        "no kid": signed({"alg": "HS256", "typ": "JWT"}, claims, ours),
        "claims HS512 over our key": jwt.encode(claims, ours, "HS512", {"kid": header["kid"]}),
        "another audience": signed(header, {**claims, "aud": "elsewhere"}, ours),
        "no audience": signed(header, {k: v for k, v in claims.items() if k != "aud"}, ours),
        "no expiry": signed(header, {k: v for k, v in claims.items() if k != "exp"}, ours),
        "another family": signed(header, {**claims, "fam": "f" * 32}, ours),
        "user as a word": signed(header, {**claims, "sub": "admin"}, ours),
    }


def test_it_takes_no_access_token_but_its_own(door: Door) -> None:
    program = door.person("anna")
    good = program.token_pair("anna").json()["access_token"]
    assert is_in(program, good)
    taken = [name for name, forged in forgeries(door, good).items() if is_in(program, forged)]
    assert taken == []


def test_it_lets_an_access_token_run_out(door: Door, clock: SetClock) -> None:
    program = door.person("anna")
    token = program.token_pair("anna").json()["access_token"]
    clock.move(minutes=14, seconds=59)
    assert is_in(program, token)
    clock.move(seconds=1)
    assert not is_in(program, token)


def test_it_ends_the_whole_login_when_a_refresh_token_is_used_twice(door: Door) -> None:
    program = door.person("anna")
    first = program.token_pair("anna").json()
    other_login = program.token_pair("anna").json()
    renew = "/api/v1/auth/refresh"
    second = program.post(renew, json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert is_in(program, second.json()["access_token"])
    stolen = program.post(renew, json={"refresh_token": first["refresh_token"]})
    assert stolen.status_code == 401
    assert ends_soon(program, second.json()["access_token"])
    victim = program.post(renew, json={"refresh_token": second.json()["refresh_token"]})
    assert victim.status_code == 401
    assert is_in(program, other_login["access_token"])
    assert [entry.object_id for entry in door.told("login.token_reused")] == ["anna"]


def test_it_ends_a_login_when_its_program_says_so(door: Door) -> None:
    program = door.person("anna")
    pair = program.token_pair("anna").json()
    told = {"refresh_token": pair["refresh_token"]}
    assert program.post("/api/v1/auth/revoke", json=told).status_code == 204
    assert program.post("/api/v1/auth/revoke", json=told).status_code == 204
    assert program.post("/api/v1/auth/refresh", json=told).status_code == 401
    assert ends_soon(program, pair["access_token"])


def test_it_counts_a_change_of_role_within_seconds(door: Door) -> None:
    anna, admin = door.person("anna", "admin"), door.entered("admin")
    token = anna.token_pair("anna").json()["access_token"]
    assert is_in(anna, token, "/api/v1/users")
    known = anna.get(SELF).json()["id"]
    assert admin.call("PATCH", f"/api/v1/users/{known}", {"role": "viewer"}).status_code == 200
    ends_at = time.monotonic() + BELIEVED_S + 0.5
    while is_in(anna, token, "/api/v1/users"):
        assert time.monotonic() < ends_at, "the role of before still counts"
        time.sleep(0.05)


def test_it_gives_a_personal_token_no_more_than_was_ticked(door: Door) -> None:
    admin = door.entered("admin")
    body = {"name": "script", "scopes": ["audit:read"]}
    token = admin.call("POST", f"{SELF}/tokens", body).json()["token"]
    assert token.startswith("gh_pat_")
    assert is_in(admin, token, "/api/v1/audit")
    for path in (SELF, "/api/v1/users", f"{SELF}/tokens", "/api/v1/worker-tokens"):
        assert admin.call("GET", path, token=token).status_code == 403
    assert admin.call("POST", f"{SELF}/tokens", body, token=token).status_code == 403


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        ("viewer", ["events:read"], 201),
        ("viewer", ["audit:read"], 403),
        ("viewer", ["users:write"], 403),
        ("admin", ["users:write"], 422),
        ("admin", ["account:self"], 422),
        ("admin", ["stages:work"], 403),
        ("admin", ["nonsense"], 403),
        ("admin", [], 422),
    ],
)
def test_it_makes_no_token_beyond_its_owner(
    door: Door, role: str, scopes: list[str], status: int
) -> None:
    owner = door.person("anna", role)
    answer = owner.call("POST", f"{SELF}/tokens", {"name": "x", "scopes": scopes})
    assert answer.status_code == status, answer.text


def test_it_takes_rights_from_a_token_when_its_owner_loses_them(door: Door) -> None:
    anna, admin = door.person("anna", "admin"), door.entered("admin")
    body = {"name": "x", "scopes": ["audit:read"]}
    token = anna.call("POST", f"{SELF}/tokens", body).json()["token"]
    known = anna.get(SELF).json()["id"]
    admin.call("PATCH", f"/api/v1/users/{known}", {"role": "viewer"})
    assert anna.call("GET", "/api/v1/audit", token=token).status_code == 403


def test_it_ends_a_revoked_or_old_token(door: Door, clock: SetClock) -> None:
    admin = door.entered("admin")
    made = [
        admin.call(
            "POST", f"{SELF}/tokens", {"name": "x", "scopes": ["audit:read"], "days": days}
        ).json()
        for days in (1, None)
    ]
    for one in made:
        assert is_in(admin, one["token"], "/api/v1/audit")
    clock.move(days=1, seconds=1)
    admin.log_in("admin")
    assert ends_soon(admin, made[0]["token"], "/api/v1/audit")
    assert is_in(admin, made[1]["token"], "/api/v1/audit")
    assert admin.call("DELETE", f"{SELF}/tokens/{made[1]['id']}").status_code == 204
    assert ends_soon(admin, made[1]["token"], "/api/v1/audit")
    assert admin.call("DELETE", f"{SELF}/tokens/{made[1]['id']}").status_code == 404


def test_it_lets_nobody_end_the_token_of_another(door: Door) -> None:
    anna, ben = door.person("anna", "admin"), door.person("ben", "admin")
    body = {"name": "x", "scopes": ["audit:read"]}
    made = anna.call("POST", f"{SELF}/tokens", body).json()
    assert ben.call("DELETE", f"{SELF}/tokens/{made['id']}").status_code == 404
    assert ben.call("DELETE", f"/api/v1/worker-tokens/{made['id']}").status_code == 404
    assert is_in(anna, made["token"], "/api/v1/audit")


def test_it_takes_a_bad_token_for_nobody_even_beside_a_good_cookie(door: Door) -> None:
    admin = door.entered("admin")
    for header in ("Bearer gh_pat_wrong", "Bearer ", "Basic YTpi", "gh_pat_x", "Bearer a.b.c"):
        answer = admin.get(SELF, headers={"Authorization": header})
        assert answer.status_code == 401, header


def code_for(door: Door, camera_id: str = "front") -> str:
    return enrolment.make(door.hub, COMMAND, camera_id, "Front door")


def enrol(visitor: Visitor, code: str) -> Any:
    return visitor.post("/api/v1/enrol", json={"code": code})


def test_it_enrols_an_agent_once(door: Door) -> None:
    agent, code = door.stranger(), code_for(door)
    answer = enrol(agent, code.lower().replace("-", " "))
    assert answer.status_code == 200
    told = answer.json()
    assert told["camera_id"] == "front"
    assert told["token"].startswith("gh_agt_")
    assert told["hub_key"].startswith("gh_hub_")
    assert agent.call("GET", "/api/v1/cameras", token=told["token"]).status_code == 200
    again = enrol(agent, code)
    assert again.status_code == 404
    assert "token" not in again.json()


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda door, clock: clock.move(minutes=15),
        lambda door, clock: code_for(door),
    ],
    ids=["too old", "replaced"],
)
def test_it_takes_no_code_that_has_ended(
    door: Door, clock: SetClock, spoilt: Callable[[Door, SetClock], object]
) -> None:
    code = code_for(door)
    spoilt(door, clock)
    assert enrol(door.stranger(), code).status_code == 404


def test_it_stops_guessing_of_codes(door: Door) -> None:
    code, agent = code_for(door), door.stranger()
    answers = [enrol(agent, f"AAAA-BBBB-{number:04}").status_code for number in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert enrol(agent, code).status_code == 429


def test_it_binds_the_agents_token_to_its_camera_and_ends_the_one_before(door: Door) -> None:
    agent = door.stranger()
    front = enrol(agent, code_for(door)).json()
    body = {"camera_id": "back", "name": "B", "location": "x", "ip_address": ""}
    refused = agent.call("POST", "/api/v1/cameras/register", body, token=front["token"])
    assert refused.status_code == 403
    anew = enrol(agent, code_for(door)).json()
    assert ends_soon(agent, front["token"], "/api/v1/cameras")
    assert is_in(agent, anew["token"], "/api/v1/cameras")


def test_it_ends_an_agents_token_when_an_admin_says_so(door: Door) -> None:
    admin = door.entered("admin")
    ways: list[Callable[[], Any]] = [
        lambda: admin.call("DELETE", "/api/v1/agent-tokens/front"),
        lambda: admin.submit("/account/tokens/agent/revoke", camera_id="front"),
    ]
    for end in ways:
        token = enrol(admin, code_for(door)).json()["token"]
        assert is_in(admin, token, "/api/v1/cameras")
        assert end().status_code in (204, 303)
        assert ends_soon(admin, token, "/api/v1/cameras")
        assert end().status_code == 404


def test_it_lets_no_machine_do_what_people_do(door: Door) -> None:
    admin = door.entered("admin")
    worker = admin.call("POST", "/api/v1/worker-tokens", {"name": "pi5"}).json()["token"]
    assert worker.startswith("gh_wrk_")
    agent = enrol(door.stranger(), code_for(door)).json()["token"]
    for path in (SELF, "/api/v1/users", "/api/v1/audit", f"{SELF}/tokens"):
        for token in (worker, agent):
            assert admin.call("GET", path, token=token).status_code == 403
        page = door.stranger().get("/users", headers=PAGE | {"Authorization": f"Bearer {agent}"})
        assert page.status_code == 403


def test_it_stores_no_token_and_no_code_as_it_is(door: Door) -> None:
    admin = door.entered("admin")
    pair = admin.token_pair("admin").json()
    code = code_for(door)
    told = enrol(admin, code).json()
    worker = admin.call("POST", "/api/v1/worker-tokens", {"name": "pi5"}).json()["token"]
    secrets = [pair["refresh_token"], code, told["token"], told["hub_key"], worker, admin.session]
    with door.hub.database.reading() as session:
        stored = [
            str(vars(row))
            for table in (AgentToken, ApiToken, Enrolment, RefreshToken)
            for row in session.scalars(select(table))
        ]
    everything = " ".join([*stored, *(str(entry) for entry in door.told())])
    assert [secret for secret in secrets if secret in everything] == []
    listed = [
        admin.get(path, headers=PAGE).text
        for path in ("/account/tokens", "/account/sessions", "/users", "/audit")
    ] + [
        admin.get(path).text
        for path in (f"{SELF}/sessions", f"{SELF}/tokens", "/api/v1/users", "/api/v1/audit")
    ]
    assert [s for s in [*secrets, PASSWORD] if any(s in page for page in listed)] == []


def test_it_shows_a_token_on_the_page_once(door: Door) -> None:
    admin = door.entered("admin")
    shown = admin.submit("/account/tokens/make", name="script", scope=["events:read"])
    token = secret_of(shown.text, "token")
    assert token.startswith("gh_pat_")
    assert token not in admin.get("/account/tokens", headers=PAGE).text
    page = admin.submit("/account/tokens/enrol", camera_id="front", name="Front door").text
    code = secret_of(page, "code")
    assert "<svg" in page
    assert code not in admin.get("/account/tokens", headers=PAGE).text
    assert enrol(door.stranger(), code).json()["camera_name"] == "Front door"
