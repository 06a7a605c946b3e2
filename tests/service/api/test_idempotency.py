"""A question that is sent again with its `Idempotency-Key`: one turn, one answer."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.assistant import Assistant
from reperage.service.settings import Settings
from tests.service.events import STREAM, events
from tests.service.serving import REFERENCE, Served, assert_problem, serving

pytestmark = pytest.mark.model

OTHER = "Qu'est-ce qu'une image Docker ?"


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def post(served: Served, key: str, question: str = REFERENCE, headers: dict | None = None, **fields: object):
    # The person is known before, as in a browser that has asked.
    if "repere_person" not in served.client.cookies:
        served.ask(REFERENCE)
    body = {"question": question, "course": "docker"} | fields
    return served.client.post("/v1/ask", json=body, headers={"Idempotency-Key": key} | (headers or {}))


def streamed(served: Served, key: str) -> list[tuple[str, dict]]:
    headers = STREAM | {"Idempotency-Key": key}
    with served.client.stream("POST", "/v1/ask", json={"question": REFERENCE}, headers=headers) as response:
        assert response.status_code == 200
        return list(events(response))


def turns(served: Served, answer: dict) -> int:
    return len(served.client.get(f"/v1/conversations/{answer['conversation_id']}").json()["turns"])


def test_the_same_answer_is_given_again_in_either_form(server: Served, key: str) -> None:
    first = post(server, key).json()
    assert post(server, key).json() == first
    assert post(server, key, f"  {REFERENCE} ", conversation_id=first["conversation_id"]).json() == first
    again = streamed(server, key)
    assert again[-1] == ("done", first)
    fresh = streamed(server, key + "x")
    assert [name for name, _ in again] == [name for name, _ in fresh]
    assert again[1:-1] == fresh[1:-1]
    assert turns(server, first) == 1
    other = post(server, key + "y").json()
    assert other["id"] not in (first["id"], fresh[-1][1]["id"])


def test_a_key_goes_with_one_question(server: Served, key: str) -> None:
    first = post(server, key).json()
    for fields in ({"question": OTHER}, {"course": "autre"}, {"conversation_id": "autre"}, {"question": "?"}):
        assert_problem(post(server, key, **fields), 422)
        assert_problem(post(server, key, headers=STREAM, **fields), 422)
    assert turns(server, first) == 1


def test_a_key_is_its_person_s(server: Served, key: str) -> None:
    first = post(server, key).json()
    with httpx.Client(base_url=server.url, timeout=60) as stranger:
        response = stranger.post("/v1/ask", json={"question": OTHER}, headers={"Idempotency-Key": key})
        assert response.status_code == 200
        assert response.json()["id"] != first["id"]


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "a/b", "\xe9", "a,b", '"a"'])
def test_what_is_no_key_is_refused(server: Served, bad: str) -> None:
    headers = {b"Idempotency-Key": bad.encode("latin-1")}
    assert_problem(server.client.post("/v1/ask", json={"question": REFERENCE}, headers=headers), 422)


def test_a_question_that_failed_may_be_sent_again(server: Served, key: str) -> None:
    assert_problem(post(server, key, "?"), 422)
    assert_problem(post(server, key, course="nulle-part"), 404)
    assert post(server, key).status_code == 200


def test_after_its_removal_a_question_is_asked_again(server: Served, key: str) -> None:
    first = post(server, key).json()
    assert server.client.delete(f"/v1/conversations/{first['conversation_id']}").status_code == 204
    again = post(server, key).json()
    assert again["conversation_id"] != first["conversation_id"]
    assert turns(server, again) == 1


def test_many_at_once_are_one(server: Served, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    post(server, key + "before")
    found = []
    searched = Assistant.searched

    def counted(self: Assistant, question: str, *arguments: object, **options: object):
        found.append(question)
        return searched(self, question, *arguments, **options)

    monkeypatch.setattr(Assistant, "searched", counted)
    with ThreadPoolExecutor(12) as pool:
        whole = [pool.submit(lambda: post(server, key).json()) for _ in range(6)]
        parts = [pool.submit(lambda: streamed(server, key)[-1][1]) for _ in range(6)]
    answers = [each.result() for each in (*whole, *parts)]
    assert all(given == answers[0] for given in answers)
    assert turns(server, answers[0]) == len(found) == 1
    assert len(server.app.state.idempotent_questions._locks) == 0


def test_a_key_outlives_the_process(own_home: Path, encoder: Encoder, key: str) -> None:
    with serving(Settings(home=own_home), encoder) as served:
        first = post(served, key).json()
        cookies = dict(served.client.cookies)
    with serving(Settings(home=own_home), encoder) as served:
        served.client.cookies.update(cookies)
        assert post(served, key).json() == first
        assert turns(served, first) == 1


@pytest.mark.usefixtures("short_end")
def test_without_a_database_a_key_holds_while_the_turn_waits(own_home: Path, encoder: Encoder, key: str) -> None:
    settings = Settings(home=own_home, database_url=SecretStr("postgresql://nobody@127.0.0.1:9/none"))
    with serving(settings, encoder) as served:
        first = post(served, key).json()
        assert post(served, key).json() == first
