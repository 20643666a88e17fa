"""Who asks too often is told when to come back; one's limit is nobody else's."""

from central.context import Hub
from tests.fakes.door import PAGE, Door, door

LIST = "/api/v1/account"


def test_it_lets_each_user_ask_a_hundred_times_a_minute(door: Door) -> None:
    anna, ben = door.person("anna"), door.person("ben")
    answers = [anna.get(LIST) for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    last = answers[-1]
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert last.headers["content-type"] == "application/problem+json"
    assert last.json()["status"] == 429
    assert ben.get(LIST).status_code == 200
    assert anna.get("/account", headers=PAGE).status_code == 200  # pages go on


def test_it_counts_all_logins_and_tokens_of_a_user_together(hub: Hub) -> None:
    with door(hub, requests_per_minute=5) as opened:
        anna = opened.person("anna")
        program = anna.token_pair("anna").json()["access_token"]
        for _ in range(3):
            assert anna.get(LIST).status_code == 200
        codes = [anna.call("GET", LIST, token=program).status_code for _ in range(3)]
        assert codes == [200, 200, 429]


def test_it_gives_machines_a_limit_of_their_own(hub: Hub) -> None:
    with door(hub, requests_per_minute=1, machine_requests_per_minute=4) as opened:
        admin = opened.entered("admin")
        made = [
            admin.submit("/account/tokens/worker", name=name).text.split('id="token">')[1]
            for name in ("one", "two")
        ]
        one, two = (page.split("<")[0] for page in made)
        codes = [admin.call("GET", LIST, token=one).status_code for _ in range(5)]
        assert codes == [403] * 4 + [429]
        assert admin.call("GET", LIST, token=two).status_code == 403
