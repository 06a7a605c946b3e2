"""Batches: how they are counted, sent again with their key, and given up."""

import time
import uuid
from pathlib import Path

import httpx
import pytest

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.assistant import Assistant
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, assert_problem, copy_home, serving

pytestmark = pytest.mark.model

IMAGE = "Qu'est-ce qu'une image Docker ?"


def post(served: Served, key: str, *questions: str) -> list[dict]:
    body = {"questions": [{"question": question, "course": "docker"} for question in questions]}
    response = served.client.post("/v1/ask/batch", json=body, headers={"Idempotency-Key": key})
    assert response.status_code == 200, response.text
    return [item["answer"] or item["problem"] for item in response.json()["results"]]


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex * 2  # As long as one may be.


def test_each_question_gets_the_answer_that_it_got(server: Served, key: str) -> None:
    first = post(server, key, REFERENCE, IMAGE, "?")
    assert len({first[0]["id"], first[1]["id"]}) == 2
    again = post(server, key, REFERENCE, IMAGE, "?")
    assert again[:2] == first[:2]
    assert first[2]["status"] == again[2]["status"] == 422


def test_in_another_order_they_are_other_questions(server: Served, key: str) -> None:
    first = post(server, key, REFERENCE, IMAGE)
    assert [item["status"] for item in post(server, key, IMAGE, REFERENCE)] == [422, 422]
    assert post(server, key, REFERENCE)[0] == first[0]


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b"])
def test_what_is_no_key_is_refused(server: Served, bad: str) -> None:
    body = {"questions": [{"question": REFERENCE}]}
    assert_problem(server.client.post("/v1/ask/batch", json=body, headers={"Idempotency-Key": bad}), 422)


def test_only_what_has_no_answer_yet_is_counted(home: Path, encoder: Encoder, tmp_path: Path, key: str) -> None:
    own = copy_home(home, tmp_path)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    made, written = new_key("", "student", None, None)
    store_key(database, made)
    database.close()
    headers = {"Authorization": f"Bearer {written}", "Idempotency-Key": key}

    def send(served: Served, *questions: str) -> httpx.Response:
        body = {"questions": [{"question": question, "course": "docker"} for question in questions]}
        return served.client.post("/v1/ask/batch", json=body, headers=headers)

    with serving(Settings(home=own, rate_per_key="3/hour"), encoder) as served:
        # It could never succeed, whenever it comes again.
        refused = send(served, REFERENCE, IMAGE, REFERENCE, IMAGE)
        assert "at most 3" in assert_problem(refused, 422)["detail"]
        assert "retry-after" not in refused.headers
        first = send(served, REFERENCE, IMAGE)
        assert first.status_code == 200
        assert ";r=1;" in first.headers["ratelimit"]
        again = send(served, REFERENCE, IMAGE)
        assert again.json() == first.json()
        more = send(served, REFERENCE, IMAGE, "?")
        assert ";r=0;" in more.headers["ratelimit"]
        over = send(served, REFERENCE, IMAGE, "?")
        assert_problem(over, 429)
        assert int(over.headers["retry-after"]) > 0
        assert send(served, REFERENCE, IMAGE).json() == first.json()


def test_an_unexpected_error_is_one_question_s(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = Assistant.searched

    def fails_at_times(assistant: Assistant, question: str, *rest: object, **options: object) -> object:
        if question == IMAGE:
            raise RuntimeError("secret")
        return searched(assistant, question, *rest, **options)

    monkeypatch.setattr(Assistant, "searched", fails_at_times)
    body = {"questions": [{"question": question, "course": "docker"} for question in (REFERENCE, IMAGE)]}
    response = server.client.post("/v1/ask/batch", json=body)
    assert response.status_code == 200, response.text
    answered, failed = response.json()["results"]
    assert answered["answer"]["status"] == "answered"
    assert failed["problem"]["status"] == 500
    assert "secret" not in response.text


def test_a_batch_ends_with_its_client(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    searched, asked = Assistant.searched, []

    def slow(assistant: Assistant, *rest: object, **options: object) -> object:
        asked.append(rest)
        time.sleep(0.1)
        return searched(assistant, *rest, **options)

    monkeypatch.setattr(Assistant, "searched", slow)
    body = {"questions": [{"question": REFERENCE, "course": "docker"}] * 100}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/v1/ask/batch", json=body, timeout=0.5)
    time.sleep(0.5)
    so_far = len(asked)
    assert 0 < so_far < 100
    time.sleep(1)
    assert len(asked) == so_far
