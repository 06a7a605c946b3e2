"""What people think of their answers: whose opinion counts, where it is kept, and that it goes with its answer."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from reperage.index.encoder import Encoder
from reperage.service.caller import Caller
from reperage.service.conversations import conversations as module
from reperage.service.conversations.conversations import Conversations
from reperage.service.conversations.feedback import rate
from reperage.service.database.engine import Database
from reperage.service.database.turns import purge
from reperage.service.errors import StateUnavailable, UnknownAnswer
from reperage.service.settings import Settings
from tests.service.answers import answer
from tests.service.conversations.test_conversations import started, written
from tests.service.serving import REFERENCE, Served, assert_problem, serving

ANNE, BRUNO = Caller("anne"), Caller("bruno")


@pytest.fixture
def kept(database: Database) -> Iterator[Conversations]:
    """Conversations that are being written."""
    conversations = started(database)
    yield conversations
    conversations.close()


def opinions(database: Database) -> list[tuple]:
    with database.reading() as connection:
        rows = connection.execute(text("SELECT person, course, rating, reason FROM feedback ORDER BY answer_id"))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("is_written", [False, True])
def test_an_opinion_is_kept_and_replaced(kept: Conversations, database: Database, is_written: bool) -> None:
    given = answer()
    if is_written:
        kept.add("anne", given)
        written(kept)
        rate(kept, given.id, ANNE, "up", None)
    else:
        # The writer waits for more to write: the turn is written with the opinion, and once.
        kept.add("anne", given)
        rate(kept, given.id, ANNE, "up", None)
    rate(kept, given.id, ANNE, "down", "c'est faux")
    assert opinions(database) == [("anne", "docker", "down", "c'est faux")]
    rate(kept, given.id, ANNE, "missing", None)
    assert opinions(database) == [("anne", "docker", "missing", None)]
    assert len(kept.read("c", ANNE)) == 1


def test_what_waits_of_a_conversation_keeps_its_order(kept: Conversations) -> None:
    answers = [answer(str(i)) for i in range(5)]
    for given in answers:
        kept.add("anne", given)
    rate(kept, answers[3].id, ANNE, "up", None)
    kept.add("anne", answer("5"))
    written(kept)
    assert [turn.answer.question for turn in kept.read("c", ANNE)] == list("012345")


@pytest.mark.parametrize("is_written", [False, True])
def test_only_who_asked_has_an_opinion(kept: Conversations, database: Database, is_written: bool) -> None:
    given = answer()
    kept.add("anne", given)
    if is_written:
        written(kept)
    for name, caller in ((given.id, BRUNO), ("autre", ANNE), (given.id, Caller("anne", frozenset({"nsi"})))):
        with pytest.raises(UnknownAnswer):
            rate(kept, name, caller, "up", None)
    assert opinions(database) == []


def test_an_opinion_goes_with_its_conversation_its_person_and_in_time(kept: Conversations, database: Database) -> None:
    def rated(name: str, days: int = 0) -> str:
        given = answer(conversation_id=name)
        kept.add("anne", given, module.now() - days * 86_400_000)
        rate(kept, given.id, ANNE, "up", name)
        return given.id

    rated("a")
    old, _ = rated("b", 40), rated("c")
    kept.delete("a", ANNE)
    assert sorted(row[3] for row in opinions(database)) == ["b", "c"]
    purge(database, 30, module.now())
    assert [row[3] for row in opinions(database)] == ["c"]
    with pytest.raises(UnknownAnswer):
        rate(kept, old, ANNE, "up", None)
    kept.forget("anne")
    assert opinions(database) == []


def test_an_opinion_of_a_removed_answer_brings_nothing_back(kept: Conversations, database: Database) -> None:
    given = answer()
    elsewhere = Conversations(database)
    elsewhere.forget("anne")
    kept.add("anne", given, module.now() - 60_000)
    with pytest.raises(UnknownAnswer):
        rate(kept, given.id, ANNE, "up", None)
    assert opinions(database) == []


def test_without_a_database_an_opinion_is_not_kept() -> None:
    given = answer()
    for conversations in (Conversations(), Conversations(Database("postgresql://nobody@127.0.0.1:9/none"))):
        conversations.add("anne", given)
        with pytest.raises(StateUnavailable):
            rate(conversations, given.id, ANNE, "up", None)


# Over HTTP


@pytest.fixture
def opinion(server: Served) -> Callable[..., httpx.Response]:
    """Asks a question, and says what one thinks of its answer."""

    def give(name: str | None = None, **body: object) -> httpx.Response:
        name = name or server.ask(REFERENCE, course="docker")["id"]
        return server.client.post(
            f"/v1/answers/{name}/feedback",
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )

    return give


@pytest.mark.model
def test_an_opinion_is_given_over_http(server: Served, opinion: Callable[..., httpx.Response]) -> None:
    name = server.ask(REFERENCE, course="docker")["id"]
    for body in ({"rating": "up"}, {"rating": "down", "reason": None}, {"rating": "missing", "reason": "x" * 1000}):
        assert opinion(name, **body).status_code == 204
    assert_problem(httpx.post(f"{server.url}/v1/answers/{name}/feedback", json={"rating": "up"}), 404)


@pytest.mark.model
def test_an_opinion_that_is_none_is_refused(opinion: Callable[..., httpx.Response]) -> None:
    for body in (
        {},
        {"rating": "meh"},
        {"rating": None},
        {"rating": ["up"]},
        {"rating": "up", "reason": "x" * 1001},
        {"rating": "up", "reason": "a\0b"},
        {"rating": "up", "reason": "a\ud800b"},
        {"rating": "up", "reason": 1},
    ):
        assert_problem(opinion(**body), 422)
    for name in ("autre", "x" * 65, "%00", "é", "a b", "..", "%27;--"):
        assert opinion(name, rating="up").status_code in (404, 422)


@pytest.mark.model
@pytest.mark.usefixtures("short_end")
def test_without_a_database_the_reader_is_told_to_come_again(own_home, encoder: Encoder) -> None:
    settings = Settings(home=own_home, database_url=SecretStr("postgresql://nobody:secret@127.0.0.1:9/none"))
    with serving(settings, encoder) as served:
        name = served.ask(REFERENCE)["id"]
        for answer_id in (name, "autre"):
            response = served.client.post(f"/v1/answers/{answer_id}/feedback", json={"rating": "up"})
            assert_problem(response, 503)
            assert "retry-after" in response.headers
            assert "secret" not in response.text
