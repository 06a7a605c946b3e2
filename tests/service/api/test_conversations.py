"""Conversations over HTTP: whose they are, what became of their citations, their removal, restarts."""

import re
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.access.secret_keys import secret_keys
from reperage.service.access.signed_tokens import PersonTokens
from reperage.service.errors import StartError
from reperage.service.settings import Settings
from tests.conftest import MakeCourse
from tests.service.serving import REFERENCE, Served, assert_problem, build_course, serving

pytestmark = pytest.mark.model

NOTES = "# Le port\n\n## Exposé\n\nUn port exposé est ouvert sur la machine. Il a un numéro.\n"


@pytest.fixture
def stranger(server: Served) -> httpx.Client:
    """A browser that never asked."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def read(served: Served, conversation_id: str, client: httpx.Client | None = None) -> httpx.Response:
    return (client or served.client).get(f"/v1/conversations/{conversation_id}")


def test_a_conversation_is_read_back_as_it_was_answered(server: Served) -> None:
    first = server.ask("C'est quoi un port exposé ?", course="docker")
    second = server.ask("et un port interne ?", course="docker", conversation_id=first["conversation_id"])
    assert second["conversation_id"] == first["conversation_id"]
    assert second["standalone_question"] == "C'est quoi un port interne ?"
    body = read(server, first["conversation_id"]).json()
    assert body["course"] == "docker"
    assert [turn["answer"] for turn in body["turns"]] == [first, second]
    for turn in body["turns"]:
        assert [c["standing"] for c in turn["cited"]] == ["in_place"] * len(turn["answer"]["citations"])
        assert not any(c["document_changed"] for c in turn["cited"])
        assert [c["url"] for c in turn["cited"]] == [c["url"] for c in turn["answer"]["citations"]]


def test_a_new_browser_gets_a_cookie_that_scripts_cannot_read_and_keeps_it(server: Served, stranger) -> None:
    response = stranger.post("/v1/ask", json={"question": REFERENCE, "course": "docker"})
    cookie = response.headers["set-cookie"]
    assert re.match(r"repere_person=[\w.-]+; Max-Age=\d+; Path=/; HttpOnly; SameSite=Lax$", cookie)
    again = stranger.post("/v1/ask", json={"question": REFERENCE, "course": "docker"})
    assert "set-cookie" not in again.headers


def test_another_person_finds_no_conversation(server: Served, stranger: httpx.Client) -> None:
    name = server.ask(REFERENCE, course="docker")["conversation_id"]
    body = {"question": "et sinon ?", "course": "docker", "conversation_id": name}
    for _ in ("without a cookie", "with one"):
        for response in (
            read(server, name, stranger),
            stranger.delete(f"/v1/conversations/{name}"),
            stranger.post("/v1/ask", json=body),
            stranger.post("/v1/ask", json=body, headers={"Accept": "text/event-stream"}),
        ):
            assert_problem(response, 404)
        stranger.post("/v1/ask", json={"question": REFERENCE, "course": "docker"})
    assert len(read(server, name).json()["turns"]) == 1


def test_a_forged_cookie_is_nobody_s(server: Served, stranger: httpx.Client) -> None:
    name = server.ask(REFERENCE, course="docker")["conversation_id"]
    token = server.client.cookies["repere_person"]
    _, foreign = PersonTokens(["another key of some length"]).new()
    for forged in ("x" + token, token[:-4], foreign, "x", ""):
        stranger.cookies.set("repere_person", forged)
        assert_problem(read(server, name, stranger), 404)
        stranger.cookies.clear()


def test_removal_of_one_conversation_and_of_everything(server: Served, stranger: httpx.Client) -> None:
    names = []
    for _ in range(3):
        response = stranger.post("/v1/ask", json={"question": REFERENCE, "course": "docker"})
        names.append(response.json()["conversation_id"])
    token = stranger.cookies["repere_person"]
    assert stranger.delete(f"/v1/conversations/{names[0]}").status_code == 204
    assert [read(server, name, stranger).status_code for name in names] == [404, 200, 200]
    assert_problem(stranger.delete(f"/v1/conversations/{names[0]}"), 404)
    assert stranger.delete("/v1/me").status_code == 204
    assert "repere_person" not in stranger.cookies
    stranger.cookies.set("repere_person", token)
    assert [read(server, name, stranger).status_code for name in names] == [404, 404, 404]


@pytest.mark.parametrize("name", ["é", "a b", "a/b", "x" * 65, "%00"])
def test_what_is_no_name_of_a_conversation(server: Served, name: str) -> None:
    assert read(server, name).status_code in (404, 422)
    response = server.client.post("/v1/ask", json={"question": REFERENCE, "conversation_id": name})
    assert_problem(response, 422)


def test_conversations_outlive_the_process_and_tell_what_became_of_their_quotes(
    make_course: MakeCourse, own_home: Path, encoder: Encoder
) -> None:
    folder = make_course({"port.md": NOTES, "autre.md": "# Rien\n\nRien.\n"})
    build_course(own_home, folder, encoder)
    settings = Settings(home=own_home)
    question = "C'est quoi un port exposé ?"
    with serving(settings, encoder) as served:
        answer = served.ask(question, course="cours")
        cookies = dict(served.client.cookies)
    assert answer["status"] == "answered"
    for kept in ("secret_key", "repere.sqlite3"):
        assert (own_home / kept).stat().st_mode & 0o777 == 0o600

    def standing(files: dict[str, str]) -> tuple[list, list[dict]]:
        make_course(files)
        build_course(own_home, folder, encoder)
        with serving(settings, encoder) as served:
            served.client.cookies.update(cookies)
            body = read(served, answer["conversation_id"]).json()
            cited = body["turns"][0]["cited"]
            for found in cited:
                if found["url"]:
                    document = served.client.get("/v1/courses/cours/documents/port").json()
                    quote = answer["citations"][found["number"] - 1]["quote"]
                    assert document["text"][found["start"] : found["end"]] == quote
                    assert "<mark" in served.client.get(found["url"].replace("localhost", "127.0.0.1")).text
            assert body["turns"][0]["answer"] == answer
        return [c["standing"] for c in cited], cited

    numbers = len(answer["citations"])
    then = answer["citations"][0]["document_version"]
    found, cited = standing({"autre.md": "# Rien\n\nPlus rien.\n"})
    assert found == ["in_place"] * numbers
    assert not any(c["document_changed"] for c in cited)
    found, cited = standing({"port.md": "# Le port\n\nEn bref, ceci est neuf.\n" + NOTES.removeprefix("# Le port\n")})
    assert found == ["moved"] * numbers
    assert all(c["document_changed"] and c["document_version"] == then != c["current_version"] for c in cited)
    found, cited = standing({"port.md": "# Le port\n\n## Exposé\n\nCe port-là est fermé.\n"})
    assert found == ["gone"] * numbers
    assert all(c["url"] is None and c["document_version"] == then for c in cited)
    (folder / "port.md").unlink()
    found, cited = standing({})
    assert found == ["gone"] * numbers
    assert all(c["current_version"] is None for c in cited)


def test_a_course_that_cannot_be_opened_leaves_its_conversations(
    make_course: MakeCourse, own_home: Path, encoder: Encoder
) -> None:
    build_course(own_home, make_course({"port.md": NOTES}), encoder)
    with serving(Settings(home=own_home), encoder) as served:
        answer = served.ask("C'est quoi un port exposé ?", course="cours")
        (own_home / "indexes" / "cours" / "current").unlink()
        body = read(served, answer["conversation_id"]).json()
    assert {c["standing"] for c in body["turns"][0]["cited"]} == {"unknown"}


@pytest.mark.usefixtures("short_end")
def test_without_a_database_questions_are_answered_and_readyz_says_so(own_home: Path, encoder: Encoder) -> None:
    settings = Settings(home=own_home, database_url=SecretStr("postgresql://nobody:secret@127.0.0.1:9/none"))
    with serving(settings, encoder) as served:
        first = served.ask("C'est quoi un port exposé ?", course="docker")
        second = served.ask("et un port interne ?", course="docker", conversation_id=first["conversation_id"])
        assert second["standalone_question"] == "C'est quoi un port interne ?"
        assert len(read(served, first["conversation_id"]).json()["turns"]) == 2
        ready = served.client.get("/readyz")
        assert ready.status_code == 200
        assert any("not kept" in notice for notice in ready.json()["notices"])
        told = assert_problem(served.client.delete("/v1/me"), 503), ready.json(), read(served, "autre").json()
        assert not any(word in str(told) for word in ("secret", "nobody", "127.0.0.1:9", "psycopg"))


# Keys


def test_a_key_can_be_replaced() -> None:
    old, new = "an old key of some length", "a new key of some length"
    person, token = PersonTokens([old]).new()
    assert PersonTokens([new, old]).caller(token) == person
    assert PersonTokens([new]).caller(token) is None
    assert PersonTokens([new]).caller(PersonTokens([new, old]).new()[1]) is not None
    assert PersonTokens([old]).caller("é\0") is None


def test_keys_are_made_once_and_short_ones_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert secret_keys(None, home) == secret_keys(None, home)
    assert len(secret_keys(None, home)[0]) >= 32
    assert secret_keys(SecretStr("a" * 16 + ", " + "b" * 16), home) == ["a" * 16, "b" * 16]
    for short in ("", "short", "a" * 16 + ",short"):
        with pytest.raises(StartError, match="16 characters"):
            secret_keys(SecretStr(short), home)
    (home / "secret_key").write_text("")
    with pytest.raises(StartError, match="holds no key"):
        secret_keys(None, home)
    (tmp_path / "file").write_text("")
    assert len(secret_keys(None, tmp_path / "file" / "home")[0]) >= 32
