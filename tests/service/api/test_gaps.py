"""What a course could not answer: which questions count, which are the same, and that nobody is named."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Status
from reperage.service.conversations.conversations import Conversations
from reperage.service.conversations.feedback import rate
from reperage.service.conversations.gaps import Gap, find_gaps
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.database.tables import CONVERSATIONS, TURNS
from reperage.service.database.turns import Turn, store
from reperage.service.settings import Settings
from tests.service.answers import answer
from tests.service.api.test_documents import prepared
from tests.service.conversations.test_conversations import started, until, written
from tests.service.serving import Served, assert_problem, serving

DAY = 86_400_000


@pytest.fixture
def kept(database: Database) -> Iterator[Conversations]:
    """Conversations that are being written."""
    conversations = started(database)
    yield conversations
    conversations.close()


def ask(
    kept: Conversations,
    question: str,
    status: Status = "not_in_material",
    person: str = "anne",
    days: float = 0,
    course: str = "docker",
    tenant: str = "",
    **opinion: str | None,
) -> None:
    given = answer(question, f"{course}-{person}", course, status)
    kept.add(person, given, now() - int(days * DAY), tenant)
    written(kept)
    if opinion:
        rate(kept, given.id, Caller(person), str(opinion["rating"]), opinion.get("reason"))


def found(database: Database, days: int = 90, course: str = "docker") -> list[tuple[str, str, int]]:
    return [(gap.question, gap.status, gap.count) for gap in find_gaps(database, course, days, now())]


def test_what_was_not_answered_is_told_the_latest_first(kept: Conversations, database: Database) -> None:
    ask(kept, "Et les volumes ?", "section_empty", days=2)
    ask(kept, "Qu'est-ce que Kubernetes ?", days=1)
    ask(kept, "Qu'est-ce qu'un port ?", "answered")
    ask(kept, "Bonjour", "small_talk")
    ask(kept, "Dans un autre cours ?", course="nsi")
    assert found(database) == [
        ("Qu'est-ce que Kubernetes ?", "not_in_material", 1),
        ("Et les volumes ?", "section_empty", 1),
    ]
    assert found(database, days=1) == []
    assert found(database, course="nsi") == [("Dans un autre cours ?", "not_in_material", 1)]


def test_the_same_question_counts_together_in_its_latest_words(kept: Conversations, database: Database) -> None:
    ask(kept, "qu’est-ce que   KUBERNETES", days=3, person="bruno")
    ask(kept, "Qu'est-ce que Kubernetes ?", "section_empty", days=1)
    ask(kept, "Qu'est-ce que kubernetes ?!", days=2)
    ask(kept, "Qu'est-ce que Kubernetes 2 ?", days=4)
    assert found(database) == [
        ("Qu'est-ce que Kubernetes ?", "section_empty", 3),
        ("Qu'est-ce que Kubernetes 2 ?", "not_in_material", 1),
    ]


def test_an_answer_that_did_not_help_is_one_and_is_counted_once(kept: Conversations, database: Database) -> None:
    ask(kept, "Un port ?", "answered", rating="up")
    ask(kept, "Une image ?", "answered", rating="down", reason="trop court", days=2)
    ask(kept, "une image", "answered", person="bruno", rating="down", reason="faux", days=1)
    ask(kept, "Le swarm ?", rating="missing", reason="vu en TP")
    ask(kept, "Merci", "small_talk", rating="down")
    swarm, image = find_gaps(database, "docker", 90, now())
    assert (swarm.question, swarm.count, swarm.ratings, swarm.reasons) == (
        "Le swarm ?",
        1,
        {"missing": 1},
        ["vu en TP"],
    )
    assert (image.question, image.status, image.count) == ("une image", "answered", 2)
    assert (image.ratings, image.reasons) == ({"down": 2}, ["faux", "trop court"])


def test_one_school_is_not_told_what_another_s_students_asked(kept: Conversations, database: Database) -> None:
    ask(kept, "Le swarm ?", person="anne", days=1, tenant="here/1")
    ask(kept, "Une image ?", "answered", "anne", tenant="here/1", rating="down", reason="trop court")
    ask(kept, "le swarm", person="bruno", tenant="there/1", rating="missing", reason="dit Bruno")
    ask(kept, "Un volume ?", "answered", "carole", tenant="here/2", rating="down", reason="dit Carole")
    ask(kept, "Et sans LMS ?", person="denis")

    def told(tenant: str | None) -> dict[str, tuple[int, list[str]]]:
        gaps = find_gaps(database, "docker", 90, now(), tenant)
        return {gap.question: (gap.count, gap.reasons) for gap in gaps}

    assert told("here/1") == {"Une image ?": (1, ["trop court"]), "Le swarm ?": (1, [])}
    assert told("there/1") == {"le swarm": (1, ["dit Bruno"])}
    assert told("here/2") == {"Un volume ?": (1, ["dit Carole"])}
    assert told("nowhere/1") == {}
    everything = told(None)
    assert set(everything) == {"Une image ?", "le swarm", "Un volume ?", "Et sans LMS ?"}
    assert everything["le swarm"] == (2, ["dit Bruno"])


def test_a_hundred_thousand_turns_are_looked_through_quickly(database: Database) -> None:
    database.migrate()
    with database.writing() as connection:
        conversations = [
            {
                "id": str(n),
                "course": f"c{n % 10}",
                "person": "anne",
                "begun_at": 1,
                "last_at": now(),
                "tenant": f"school/{n % 100}",
            }
            for n in range(10_000)
        ]
        connection.execute(insert(CONVERSATIONS), conversations)
        turns = [
            {
                "answer_id": f"a{n}",
                "conversation_id": str(n % 10_000),
                "asked_at": now() - n,
                "status": "answered" if n % 3 else "not_in_material",
                "standalone_question": f"Question {n % 1000} ?",
                "answer": "{}" * 500,
            }
            for n in range(100_000)
        ]
        connection.execute(insert(TURNS), turns)
    began = time.perf_counter()
    gaps = find_gaps(database, "c3", 90, now())
    assert time.perf_counter() - began < 3
    assert sum(gap.count for gap in gaps) == sum(n % 10 == 3 and n % 3 == 0 for n in range(100_000))
    began = time.perf_counter()
    gaps = find_gaps(database, "c3", 90, now(), "school/13")
    assert time.perf_counter() - began < 1
    assert sum(gap.count for gap in gaps) == sum(n % 100 == 13 and n % 3 == 0 for n in range(100_000))


@pytest.mark.model
def test_a_teacher_reads_the_gaps_of_a_course_without_anybody_s_name(
    home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    own = prepared(home, tmp_path)
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    headers = {}
    for name, role, courses in (
        ("student", "student", None),
        ("teacher", "teacher", frozenset({"docker", "jamais"})),
        ("other", "teacher", frozenset({"nsi"})),
        ("all", "teacher", None),
    ):
        key, text = new_key("", role, courses, None)
        store_key(database, key)
        headers[name] = {"Authorization": f"Bearer {text}"}
    unbuilt = answer("Sans index ?", "x", "jamais", "not_in_material")
    store(database, [Turn("bruno-personne", now(), unbuilt)])
    with serving(Settings(home=own), encoder) as served:
        path = "/v1/courses/docker/gaps"
        for question in ("Comment installer Kubernetes ?", "comment installer kubernetes", "Bonjour"):
            body = {"question": question, "course": "docker"}
            asked = served.client.post("/v1/ask", json=body, headers=headers["student"]).json()
        assert asked["status"] == "small_talk"
        read = read_until_written(served, path, headers["teacher"])
        [gap] = read["questions"]
        assert (gap["question"], gap["count"], gap["status"]) == ("comment installer kubernetes", 2, "not_in_material")
        [section] = read["empty_sections"]
        assert (section["document_id"], section["heading_path"]) == (
            "introduction-docker",
            ["Concepts", "Volume Docker"],
        )
        page = served.client.get(section["url"])
        assert page.status_code == 200
        text = served.client.get(path, headers=headers["teacher"]).text
        assert "key-" not in text
        assert "person" not in text

        assert_problem(served.client.get(path), 401)
        assert_problem(served.client.get(path, headers=headers["student"]), 403)
        assert_problem(served.client.get(path, headers=headers["other"]), 404)
        assert_problem(served.client.get("/v1/courses/nulle-part/gaps", headers=headers["all"]), 404)
        for query in ("days=0", "days=3651", "limit=0", "limit=501", "days=x"):
            assert_problem(served.client.get(f"{path}?{query}", headers=headers["teacher"]), 422)
        assert served.client.get(f"{path}?limit=1&days=3650", headers=headers["teacher"]).status_code == 200

        never = served.client.get("/v1/courses/jamais/gaps", headers=headers["teacher"]).json()
        assert [gap["question"] for gap in never["questions"]] == ["Sans index ?"]
        assert never["empty_sections"] == []
    database.close()


def read_until_written(served: Served, path: str, headers: dict[str, str]) -> dict:
    """The gaps once the two questions are written, some moments after they were answered."""
    read: dict = {}

    def has_both() -> bool:
        read.update(served.client.get(path, headers=headers).json())
        return sum(gap["count"] for gap in read["questions"]) == 2

    until(has_both)
    return read


def test_a_gap_holds_nothing_of_a_person() -> None:
    assert set(Gap.__slots__) == {"question", "status", "last_at", "count", "ratings", "reasons"}
