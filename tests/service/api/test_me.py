"""Everything about one person: given out whole, and erased wherever it is."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import for_users, new_key
from reperage.service.access.encryption import Encryption
from reperage.service.access.lms_user_tokens import PURPOSE
from reperage.service.access.pseudonyms import lms_person
from reperage.service.api.me import PersonData
from reperage.service.clock import now
from reperage.service.conversations.conversations import Conversations
from reperage.service.conversations.personal_data import export
from reperage.service.database.engine import Database
from reperage.service.database.feedback import Feedback, store_feedback
from reperage.service.database.jobs import Job, store_job
from reperage.service.database.keys import store_key
from reperage.service.database.people import counts_of
from reperage.service.database.sites import add_site
from reperage.service.database.tables import SLACK_QUESTIONS
from reperage.service.database.turns import Turn, remove_person, store
from reperage.service.database.upsert import upsert
from reperage.service.errors import StateUnavailable
from reperage.service.settings import Settings
from tests.service.answers import answer
from tests.service.serving import REFERENCE, Served, assert_problem, copy_home, serving

SITE = "https://cours.example"
SECRET_KEY = "k" * 16


def told(database: Database | None, person: str | None, *waiting: Turn) -> PersonData:
    """The export, read by what describes it."""
    return PersonData.model_validate_json("".join(export(database, person, waiting)))


def fill(database: Database, person: str, turns: int, conversations: int = 1) -> list[Turn]:
    """Something of every kind for a person."""
    made = [
        Turn(person, 1000 + i, answer(f"« {i} »", conversation_id=f"{person}-{i % conversations}", quote="é\n\"'\\"))
        for i in range(turns)
    ]
    store(database, made)
    for i in (0, -1):
        store_feedback(database, Feedback(made[i].answer.id, person, "down", 'Pas "ça"', 5))
    slack = {"team": "T", "channel": "C", "thread": "1", "member": "U", "person": person, "question": "Quoi ?"}
    rows = [slack | {"ts": f"{person}.{i}", "lease_until": 0, "attempts": 1} for i in range(3)]
    with database.writing() as connection:
        upsert(connection, SLACK_QUESTIONS, ["team", "channel", "ts"], *rows)
    store_job(database, Job(f"job-{person}", "m", "docker", "put", "notes", person, "f", 7))
    return made


def test_everything_is_given_out_and_nothing_of_anybody_else(database: Database) -> None:
    database.migrate()
    mine = fill(database, "anne", 230, 3)
    fill(database, "bruno", 5)
    found = told(database, "anne")
    assert found.person == "anne"
    assert [len(one.turns) for one in found.conversations] == [77, 77, 76]
    by_id = {turn.answer.id: turn.answer for one in found.conversations for turn in one.turns}
    assert by_id == {turn.answer.id: turn.answer for turn in mine}
    for one in found.conversations:
        assert [turn.asked_at for turn in one.turns] == sorted(turn.asked_at for turn in one.turns)
    assert {opinion.answer_id for opinion in found.feedback} == {mine[0].answer.id, mine[-1].answer.id}
    assert [question.ts for question in found.slack_questions] == ["anne.0", "anne.1", "anne.2"]
    assert [job.id for job in found.jobs] == ["job-anne"]
    expected = {"conversations": 3, "turns": 230, "feedback": 2, "slack_questions": 3, "jobs": 1}
    assert counts_of(database, "anne") == expected


def test_nobody_has_nothing(database: Database) -> None:
    database.migrate()
    fill(database, "anne", 2)
    for person in (None, "", "nobody"):
        found = told(database, person)
        assert (found.person, found.conversations, found.feedback) == (person, [], [])
        assert (found.slack_questions, found.jobs) == ([], [])
    assert told(None, "anne").conversations == []


def test_what_waits_to_be_written_is_given_out_once(database: Database) -> None:
    database.migrate()
    written = Turn("anne", 1, answer("un"))
    store(database, [written])
    waiting = [written, Turn("anne", 2, answer("deux")), Turn("anne", 3, answer("trois", conversation_id="d"))]
    found = told(database, "anne", *waiting)
    asked = [[turn.answer.question for turn in one.turns] for one in found.conversations]
    assert asked == [["un", "deux"], ["trois"]]
    assert [len(one.turns) for one in told(None, "anne", *waiting).conversations] == [2, 1]


def test_ten_thousand_turns_are_given_out_in_pieces(database: Database) -> None:
    database.migrate()
    turns = [Turn("anne", i, answer(str(i), conversation_id=str(i % 40))) for i in range(10_000)]
    for i in range(0, len(turns), 500):
        store(database, turns[i : i + 500])
    begun = time.monotonic()
    pieces = list(export(database, "anne", ()))
    assert time.monotonic() - begun < 20
    assert max(map(len, pieces)) < 70_000
    found = json.loads("".join(pieces))
    assert sum(len(one["turns"]) for one in found["conversations"]) == 10_000


def test_erasing_takes_all_of_one_person_and_leaves_the_others(database: Database) -> None:
    database.migrate()
    fill(database, "anne", 20, 2)
    fill(database, "bruno", 5)
    remove_person(database, "anne", now())
    assert set(counts_of(database, "anne").values()) == {0}
    assert counts_of(database, "bruno")["turns"] == 5
    with database.reading() as connection:
        # What was changed in the material stays, and is nobody's.
        people = connection.execute(text("SELECT person FROM jobs ORDER BY number")).scalars().all()
        assert people == ["", "bruno"]
        left = connection.execute(text("SELECT person FROM feedback")).scalars().all()
        assert set(left) == {"bruno"}
    # What another process still holds of before is not written later.
    store(database, [Turn("anne", 1, answer("avant", conversation_id="late"))])
    assert counts_of(database, "anne")["turns"] == 0


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    own = copy_home(home, tmp_path_factory.mktemp("person"))
    with closing(Database(f"sqlite:///{own / 'repere.sqlite3'}")) as database:
        database.migrate()
        add_site(database, SITE, ["docker"])
    with serving(Settings(home=own, secret_key=SecretStr(SECRET_KEY)), encoder) as opened:
        yield opened


def credentials(served: Served) -> dict[str, dict[str, str]]:
    """Headers by kind of credential, each somebody else's."""
    database = served.app.state.services.conversations.database
    key, written = new_key("", "student", None, None)
    key, secret = for_users(key, "lms", None, False, Encryption([SECRET_KEY], PURPOSE))
    store_key(database, key)
    served.app.state.services.registry._read_at = float("-inf")
    at = int(time.time())
    claims = {"iss": "lms", "aud": "repere", "sub": "u1", "course": "docker", "iat": at, "exp": at + 300}
    bearer = {"Authorization": f"Bearer {written}"}
    with httpx.Client(base_url=served.url) as page:
        session = page.post("/v1/session", json={"course": "docker"}, headers={"Origin": SITE}).json()["token"]
    return {
        f"key-{key.id}": bearer,
        lms_person("lms", "u1"): bearer | {"Repere-User": jwt.encode(claims, secret, "HS256")},
        "session": {"Origin": SITE, "Authorization": f"Bearer {session}"},
    }


@pytest.mark.model
def test_everybody_gets_and_erases_their_own_and_no_other(served: Served) -> None:
    body = {"question": REFERENCE, "course": "docker"}
    everybody = credentials(served)
    for person, headers in everybody.items():
        with httpx.Client(base_url=served.url, timeout=60) as client:
            answered = client.post("/v1/ask", json=body, headers=headers).json()
            opinion = {"rating": "up"}
            assert client.post(f"/v1/answers/{answered['id']}/feedback", json=opinion, headers=headers).is_success
            response = client.get("/v1/me", headers=headers)
            assert response.headers["cache-control"] == "no-store"
            found = PersonData.model_validate_json(response.content)
            assert person in (found.person, "session")
            assert [turn.answer.id for one in found.conversations for turn in one.turns] == [answered["id"]]
            assert [opinion.answer_id for opinion in found.feedback] == [answered["id"]]
    for i, headers in enumerate(everybody.values()):
        with httpx.Client(base_url=served.url, timeout=60) as client:
            erased = client.delete("/v1/me", headers=headers)
            assert (erased.status_code, "set-cookie" in erased.headers) == (204, False)
            left = [len(client.get("/v1/me", headers=own).json()["conversations"]) for own in everybody.values()]
            assert left == [0] * (i + 1) + [1] * (len(everybody) - i - 1)
            assert client.delete("/v1/me", headers=headers).status_code == 204
    with httpx.Client(base_url=served.url) as nobody:
        assert_problem(nobody.get("/v1/me"), 401)


@pytest.mark.model
def test_a_browser_gets_and_erases_its_own(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    with serving(Settings(home=copy_home(home, tmp_path)), encoder) as alone:
        found = alone.client.get("/v1/me")
        assert "set-cookie" not in found.headers
        assert PersonData.model_validate_json(found.content).person is None
        assert alone.client.delete("/v1/me").status_code == 204
        alone.ask(REFERENCE)
        assert alone.client.cookies
        data = PersonData.model_validate_json(alone.client.get("/v1/me").content)
        assert len(data.conversations) == 1
        assert data.person
        assert "Max-Age=0" in alone.client.delete("/v1/me").headers["set-cookie"]
        assert not alone.client.cookies


@pytest.mark.model
def test_a_database_that_cannot_be_read_is_told(home: Path, encoder: Encoder, tmp_path: Path) -> None:
    own = copy_home(home, tmp_path)
    with serving(Settings(home=own), encoder) as alone:
        alone.ask(REFERENCE)
        conversations: Conversations = alone.app.state.services.conversations
        deadline = time.monotonic() + 20
        while len(conversations._queue) and time.monotonic() < deadline:
            time.sleep(0.05)
        with sqlite3.connect(own / "repere.sqlite3") as connection:
            connection.execute("ALTER TABLE turns RENAME TO gone")
        assert_problem(alone.client.get("/v1/me"), 503)
        with sqlite3.connect(own / "repere.sqlite3") as connection:
            connection.execute("ALTER TABLE gone RENAME TO turns")
        assert len(alone.client.get("/v1/me").json()["conversations"]) == 1


def test_a_database_that_is_gone_raises_before_anything_is_sent() -> None:
    pieces = export(Database("postgresql://nobody:secret@127.0.0.1:9/none"), "anne", ())
    next(pieces)
    with pytest.raises(StateUnavailable):
        next(pieces)


def test_the_administrator_exports_and_erases(repere, tmp_path: Path) -> None:
    person = lms_person("https://lms.example", "u 1")
    assert repere("keys", "list").returncode == 0  # It makes the database.
    with closing(Database(f"sqlite:///{tmp_path / 'home' / 'repere.sqlite3'}")) as database:
        fill(database, person, 3)
        fill(database, "slack-1", 2)
    named = ("--issuer", "https://lms.example", "--subject", "u 1")
    shown = repere("people", "export", *named)
    assert f"{person}: 1 conversation(s) with 3 answer(s), 2 opinion(s), 3 question(s) in Slack" in shown.stdout
    found = PersonData.model_validate_json(repere("people", "export", *named, "--json").stdout)
    assert found.person == person
    assert len(found.conversations[0].turns) == 3
    erased = repere("people", "erase", *named)
    assert (erased.returncode, erased.stdout) == (0, "")
    assert "there were: 1 conversation(s) with 3 answer(s)" in erased.stderr
    assert "0 conversation(s) with 0 answer(s)" in repere("people", "export", "--person", person).stdout
    assert "1 conversation(s) with 2 answer(s)" in repere("people", "export", "--person", "slack-1").stdout
    for again in (named, ("--issuer", "https://lms.example", "--subject", "u1"), ("--person", person)):
        nothing = repere("people", "erase", *again)
        assert nothing.returncode == 1
        assert "nothing was kept" in nothing.stderr
    # It is removed all the same: a running server may have yet to write something.
    with closing(Database(f"sqlite:///{tmp_path / 'home' / 'repere.sqlite3'}")) as database:
        store(database, [Turn(lms_person("https://lms.example", "u1"), 1, answer("avant", conversation_id="late"))])
        assert counts_of(database, lms_person("https://lms.example", "u1"))["turns"] == 0
    for wrong in (
        (),
        ("--issuer", "x"),
        ("--subject", "x"),
        ("--person", ""),
        ("--person", "a", "--issuer", "b", "--subject", "c"),
        ("--issuer", "", "--subject", ""),
    ):
        for command in ("export", "erase"):
            refused = repere("people", command, *wrong)
            assert refused.returncode == 1
            assert "--issuer and --subject" in refused.stderr
