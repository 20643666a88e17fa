"""The queue over HTTP: for workers with tokens, and for people who look and mend."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.accounts import api_tokens
from central.accounts.asker import SESSION_COOKIE
from central.accounts.tokens import form_token
from central.accounts.users import ensure_admin
from central.app import make_app
from central.audit.log import COMMAND
from central.cameras import registry
from central.context import Hub
from central.events import register
from central.stages import claims
from central.stages.claims import Claim
from central.stages.lifecycle import Stage
from central.stages.results import Recorder
from database.engine import database_now
from database.models import Event, EventStage
from tests.fakes.events import NOON, camera, lay_on_share

PASSWORD = "correct horse"
STAGES = "/api/v1/stages"


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    told = hub.settings.model_copy(update={"admin_password": PASSWORD})
    own = Hub(told, hub.database, hub.clock)
    ensure_admin(own)
    with TestClient(make_app(own), follow_redirects=False) as opened:
        yield opened


def token(hub: Hub, name: str = "pi5") -> dict[str, str]:
    _, made = api_tokens.make(hub, COMMAND, "worker", name)
    return {"Authorization": f"Bearer {made}"}


def log_in(client: TestClient) -> dict[str, str]:
    client.post("/login", data={"name": "admin", "password": PASSWORD})
    return {"X-CSRF-Token": form_token(client.cookies[SESSION_COOKIE])}


def an_event(hub: Hub) -> int:
    registry.register(hub.database, camera(), NOON)
    return register.register(hub.database, lay_on_share(hub.settings.share_root), NOON).event_id


def ask(number: int = 1, **said: Any) -> dict[str, Any]:
    usual = {"stages": ["convert"], "worker": "w", "claim_id": f"0000000000000000-{number}"}
    return usual | said


def held_by(claim: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {key: claim[key] for key in ("event_id", "stage", "attempt")} | {"worker": "w"} | said


def test_it_gives_a_claim_once_however_often_it_is_asked_for(client: TestClient, hub: Hub) -> None:
    event_id, auth = an_event(hub), token(hub)
    first, again = (
        client.post(f"{STAGES}/claim", json=ask(), headers=auth).json() for _ in range(2)
    )
    assert first == again
    assert (first["claim"]["event_id"], first["claim"]["attempt"]) == (event_id, 1)
    other = client.post(f"{STAGES}/claim", json=ask(2), headers=auth).json()
    assert other["claim"] is None
    assert other["ask_again_s"] > 0


def test_it_settles_once_and_answers_repeats_alike(client: TestClient, hub: Hub) -> None:
    an_event(hub)
    auth = token(hub)
    claim = client.post(f"{STAGES}/claim", json=ask(), headers=auth).json()["claim"]
    renewed = client.post(f"{STAGES}/renew", json=held_by(claim, lease_s=600), headers=auth)
    assert renewed.json()["lease_until"] > claim["lease_until"]
    first, again = (
        client.post(f"{STAGES}/finish", json=held_by(claim), headers=auth) for _ in range(2)
    )
    assert (first.json()["state"], first.json()["repeated"]) == ("done", False)
    assert (again.json()["state"], again.json()["repeated"]) == ("done", True)
    for path, said in (("fail", {"reason": "x"}), ("renew", {})):
        late = client.post(f"{STAGES}/{path}", json=held_by(claim, **said), headers=auth)
        assert late.status_code == 409, path
    ended = client.post(f"{STAGES}/claim", json=ask(), headers=auth)
    assert ended.status_code == 409
    assert "claim anew" in ended.json()["detail"]


def test_it_counts_only_failures_that_are_the_events_own(client: TestClient, hub: Hub) -> None:
    event_id, auth = an_event(hub), token(hub)
    spent = []
    for number, spend in enumerate((False, True, True), start=1):
        claim = client.post(f"{STAGES}/claim", json=ask(number), headers=auth).json()["claim"]
        said = held_by(claim, reason="the model is away", spend_attempt=spend)
        told = [client.post(f"{STAGES}/fail", json=said, headers=auth).json() for _ in range(2)]
        assert [one["state"] for one in told] == ["waiting", "waiting"]
        assert [one["repeated"] for one in told] == [False, True]
        with hub.database.reading() as session:
            row = session.scalars(select(EventStage).where(EventStage.event == event_id)).one()
        spent.append((row.attempt, row.spent))
        hub.database.write(
            lambda s: s.execute(update(EventStage).values(not_before=database_now(s)))
        )
    assert spent == [(1, 0), (2, 1), (3, 2)]


def test_it_lets_no_token_settle_what_another_holds(client: TestClient, hub: Hub) -> None:
    an_event(hub)
    mine, other = token(hub), token(hub, "other")
    claim = client.post(f"{STAGES}/claim", json=ask(), headers=mine).json()["claim"]
    for path, said in (("finish", {}), ("renew", {}), ("fail", {"reason": "x"})):
        answer = client.post(f"{STAGES}/{path}", json=held_by(claim, **said), headers=other)
        assert answer.status_code == 409, path
    assert client.post(f"{STAGES}/claim", json=ask(), headers=other).status_code == 409
    done = client.post(f"{STAGES}/finish", json=held_by(claim), headers=mine)
    assert done.json()["repeated"] is False


class Words(BaseModel):
    """A result, for these tests."""

    text: str


def write_words(session: Session, held: Claim, said: Words) -> None:
    session.execute(update(Event).where(Event.id == held.event_id).values(said_status=said.text))


def words_of(hub: Hub, event_id: int) -> str | None:
    with hub.database.reading() as session:
        return session.scalar(select(Event.said_status).where(Event.id == event_id))


def test_it_stores_a_result_in_the_transaction_that_settles(client: TestClient, hub: Hub) -> None:
    event_id, auth = an_event(hub), token(hub)
    hub.database.write(lambda s: claims.enter(s, event_id, Stage.DESCRIBE, NOON))
    app: Any = client.app
    app.state.results.register(Stage.DESCRIBE, Recorder(Words, write_words))
    asked = client.post(f"{STAGES}/claim", json=ask(stages=["describe"]), headers=auth)
    claim = asked.json()["claim"]
    bads: list[dict[str, Any]] = [{}, {"result": {}}, {"result": {"text": 7}}]
    for bad in bads:
        answer = client.post(f"{STAGES}/finish", json=held_by(claim, **bad), headers=auth)
        assert answer.status_code == 422
        assert "result" in str(answer.json()["detail"])
    said = held_by(claim, result={"text": "a man"})
    late = client.post(f"{STAGES}/finish", json=said | {"attempt": 7}, headers=auth)
    assert late.status_code == 409
    assert words_of(hub, event_id) is None
    assert client.post(f"{STAGES}/finish", json=said, headers=auth).status_code == 200
    assert words_of(hub, event_id) == "a man"


def test_it_shows_people_the_queue_and_who_is_at_work(client: TestClient, hub: Hub) -> None:
    event_id = an_event(hub)
    claim = client.post(f"{STAGES}/claim", json=ask(), headers=token(hub)).json()["claim"]
    log_in(client)
    (row,) = client.get(f"{STAGES}?state=claimed").json()["stages"]
    assert (row["event_id"], row["camera_id"], row["stage"]) == (event_id, "front", "convert")
    assert row["lease_until"] == claim["lease_until"]
    (worker,) = client.get("/api/v1/workers").json()
    assert worker["name"] == row["worker"]
    assert worker["claims"] == [{"event_id": event_id, "stage": "convert"}]
    (convert,) = (b for b in client.get(f"{STAGES}/backlog").json() if b["stage"] == "convert")
    assert (convert["waiting"], convert["claimed"]) == (0, 1)


def test_it_lets_people_queue_again_and_change_the_order(client: TestClient, hub: Hub) -> None:
    event_id, auth = an_event(hub), token(hub)
    which = {"event_id": event_id, "stage": "convert"}
    csrf = log_in(client)
    sooner = client.post(f"{STAGES}/priority", json=which | {"priority": 5}, headers=csrf)
    assert sooner.status_code == 200
    too_soon = client.post(f"{STAGES}/requeue", json=which, headers=csrf)
    assert too_soon.status_code == 409
    claim = client.post(f"{STAGES}/claim", json=ask(), headers=auth).json()["claim"]
    said = held_by(claim, reason="broken", permanent=True)
    assert client.post(f"{STAGES}/fail", json=said, headers=auth).json()["state"] == "failed"
    assert client.post(f"{STAGES}/requeue", json=which, headers=csrf).status_code == 200
    (row,) = client.get(f"{STAGES}?event={event_id}").json()["stages"]
    assert (row["state"], row["priority"], row["spent"]) == ("waiting", 5, 0)
    for wrong in ({"stage": "detect"}, {"event_id": event_id + 1}):
        answer = client.post(f"{STAGES}/requeue", json=which | wrong, headers=csrf)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("claim", ask(stages=[])),
        ("claim", ask(stages=["nap"])),
        ("claim", ask(claim_id="short")),
        ("claim", ask(worker="a b")),
        ("claim", ask(lease_s=1e9)),
        ("claim", ask(lease_s=0)),
        ("finish", {"event_id": 2**70, "stage": "convert", "attempt": 1, "worker": "w"}),
        ("finish", {"event_id": 1, "stage": "convert", "attempt": 0, "worker": "w"}),
        ("finish", {"event_id": 1, "stage": "convert", "attempt": 1, "worker": "w", "x": 1}),
        ("fail", {"event_id": 1, "stage": "convert", "attempt": 1, "worker": "w", "reason": ""}),
    ],
)
def test_it_refuses_what_makes_no_sense(
    client: TestClient, hub: Hub, path: str, said: dict[str, Any]
) -> None:
    answer = client.post(f"{STAGES}/{path}", json=said, headers=token(hub))
    assert answer.status_code == 422


def test_it_lets_only_workers_work_and_only_people_look(client: TestClient, hub: Hub) -> None:
    auth = token(hub)
    assert client.get(STAGES, headers=auth).status_code == 403
    assert client.get("/api/v1/workers", headers=auth).status_code == 403
    assert client.get(STAGES).status_code == 401
    csrf = log_in(client)
    assert client.post(f"{STAGES}/claim", json=ask(), headers=csrf).status_code == 403
    assert client.get(f"{STAGES}?before=rubbish").status_code == 422
