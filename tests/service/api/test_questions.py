"""`POST /v1/ask`: the contract of DESIGN.md, over HTTP, on the command line and in Python."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE
from reperage.service.messages import messages
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from tests.service.serving import REFERENCE, Page, Served, serving, solid

pytestmark = pytest.mark.model

# Every question that the tests below ask of the shipped course, by what becomes of it.
ANSWERED = [
    REFERENCE,
    "Qu'est-ce qu'une image Docker ?",
    "À quoi sert le démon Docker ?",
    "Que deviennent les modifications faites par un conteneur quand il est stoppé ?",
]
EMPTY = "C'est quoi un volume Docker ?"
OUTSIDE = [
    "Quelle est la recette de la tarte aux pommes ?",
    "qui a gagné la coupe du monde 1998",
    "Comment installer Kubernetes ?",
    "xyzzy plugh",
    "🙂🙂 12",
]
EVERY = [*ANSWERED, EMPTY, *OUTSIDE]

FIELDS = {
    "id": str,
    "conversation_id": str,
    "course": str,
    "language": str,
    "question": str,
    "standalone_question": str,
    "status": str,
    "answer": str,
    "sentences": list,
    "citations": list,
    "related_sections": list,
    "correction": type(None),
    "confidence": float,
    "composer": str,
    "took_ms": dict,
}
CITATION_FIELDS = {
    "number": int,
    "document_id": str,
    "document_title": str,
    "heading_path": list,
    "anchor": str,
    "quote": str,
    "start": int,
    "end": int,
    "line_start": int,
    "line_end": int,
    "page": type(None),
    "url": str,
    "document_version": str,
}
RELATED_FIELDS = {"document_id": str, "heading_path": list, "anchor": str, "url": str, "is_empty": bool}


def assert_fields(values: dict, fields: dict[str, type]) -> None:
    assert {name: type(values.get(name)) for name in fields if name in values} == fields


def without_what_differs(answer: dict) -> dict:
    """An answer without ids, timings, and what its links begin with."""
    kept = {name: value for name, value in answer.items() if name not in ("id", "conversation_id", "took_ms")}
    for part in (*kept["citations"], *kept["related_sections"]):
        address = urlsplit(part["url"])
        part["url"] = address._replace(scheme="", netloc="").geturl()
    return kept


@pytest.mark.parametrize("question", EVERY)
def test_every_field_of_the_contract_is_there_with_its_type(server: Served, question: str):
    answer = server.ask(question, course="docker")

    assert_fields(answer, FIELDS)
    assert_fields(answer["took_ms"], dict.fromkeys(("encode", "search", "compose", "total"), float))
    for citation in answer["citations"]:
        assert_fields(citation, CITATION_FIELDS)
    for section in answer["related_sections"]:
        assert_fields(section, RELATED_FIELDS)
    for sentence in answer["sentences"]:
        assert_fields(sentence, {"text": str, "citations": list})
    assert answer["question"] == answer["standalone_question"] == question
    assert (answer["course"], answer["language"], answer["composer"]) == ("docker", "fr", "extractive")
    assert 0 <= answer["confidence"] <= 1
    assert answer["answer"].strip()


@pytest.mark.parametrize("question", EVERY)
def test_only_an_answer_cites_and_only_a_refusal_names_sections_to_read(server: Served, question: str):
    answer = server.ask(question)

    if answer["status"] == "answered":
        assert answer["sentences"]
        assert answer["citations"]
        assert answer["related_sections"] == []
    else:
        assert answer["status"] in ("not_in_material", "section_empty")
        assert answer["sentences"] == answer["citations"] == []


@pytest.mark.parametrize("question", ANSWERED)
def test_every_sentence_is_cited_and_every_quote_stands_where_it_says(server: Served, question: str):
    answer = server.ask(question)

    assert answer["status"] == "answered"
    numbers = [citation["number"] for citation in answer["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(sentence["citations"] for sentence in answer["sentences"])
    assert {n for sentence in answer["sentences"] for n in sentence["citations"]} == set(numbers)
    for citation in answer["citations"]:
        document = server.client.get(f"/v1/courses/docker/documents/{citation['document_id']}").json()
        text, start, end = document["text"], citation["start"], citation["end"]
        assert text[start:end] == citation["quote"]
        assert citation["document_version"] == document["version"]
        assert citation["document_title"] == document["title"]
        lines = text.split("\n")
        assert citation["quote"] in "\n".join(lines[citation["line_start"] - 1 : citation["line_end"]])
        assert citation["quote"].split("\n")[0] in lines[citation["line_start"] - 1]
        assert citation["quote"].split("\n")[-1] in lines[citation["line_end"] - 1]
        [section] = [s for s in document["sections"] if s["start"] <= start and end <= s["end"]]
        assert (section["heading_path"], section["anchor"]) == (citation["heading_path"], citation["anchor"])


@pytest.mark.parametrize("question", ANSWERED)
def test_every_link_opens_a_page_that_marks_exactly_what_is_shown(server: Served, question: str):
    answer = server.ask(question)
    shown = {n: sentence["text"] for sentence in answer["sentences"] for n in sentence["citations"]}

    for citation in answer["citations"]:
        assert citation["url"].startswith(f"{server.url}/courses/docker/documents/{citation['document_id']}?")
        address = urlsplit(citation["url"])
        assert parse_qs(address.query) == {
            "version": [citation["document_version"]],
            "start": [str(citation["start"])],
            "end": [str(citation["end"])],
        }
        response = server.client.get(citation["url"])
        assert response.status_code == 200
        page = Page(response.text)
        assert solid(page.marked) == solid(shown[citation["number"]])
        assert address.fragment == citation["anchor"]
        assert address.fragment in [attributes.get("id") for _, attributes in page.tags]


def test_the_reference_question_is_answered_by_both_definitions_and_what_they_lean_on(server: Served):
    answer = server.ask(REFERENCE, course="docker")

    assert answer["status"] == "answered"
    assert [citation["quote"] for citation in answer["citations"]] == [
        "Un `Conteneur Docker` peut communiquer avec l'extérieur en ouvrant des `ports` sur la machine locale.",
        "C'est ce que l'on appelle un **`port exposé`**.",
        "Un `Conteneur Docker` peut également communiquer avec d'autres `Conteneurs` qui tournent au sein du même "
        "`Environnement Docker`.",
        "Pour cela, les conteneurs peuvent ouvrir des `ports` sur le réseau local de l'`Environnement Docker` de la "
        "machine.",
        "Ces `ports` ne sont pas accessibles depuis la machine, c'est ce que l'on appelle des **`ports internes`**.",
    ]
    assert all(citation["heading_path"] == ["Concepts", "Conteneur Docker"] for citation in answer["citations"])
    assert {citation["document_title"] for citation in answer["citations"]} == {"Introduction Docker"}
    assert [citation["line_start"] for citation in answer["citations"]] == [41, 41, 43, 43, 43]
    assert "C'est ce que l'on appelle un port exposé. [2]" in answer["answer"]


def test_a_question_about_an_unwritten_section_cites_nothing_and_names_it(server: Served):
    answer = server.ask(EMPTY)

    assert answer["status"] == "section_empty"
    assert answer["answer"] == messages("fr")["section_empty"].format(title="Volume Docker")
    assert answer["citations"] == answer["sentences"] == []
    [section] = [s for s in answer["related_sections"] if s["heading_path"] == ["Concepts", "Volume Docker"]]
    assert section["is_empty"] is True
    assert section["anchor"] == "volume-docker"
    assert not any(s["is_empty"] for s in answer["related_sections"] if s is not section)


@pytest.mark.parametrize("question", OUTSIDE)
def test_a_question_outside_the_material_is_refused(server: Served, question: str):
    answer = server.ask(question)

    assert answer["status"] == "not_in_material"
    named = "not_in_material_related" if answer["related_sections"] else "not_in_material"
    assert answer["answer"] == messages("fr")[named]


@pytest.mark.parametrize("question", ["Comment installer Kubernetes ?", EMPTY])
def test_the_link_of_a_related_section_opens_its_document_without_a_mark(server: Served, question: str):
    for section in server.ask(question)["related_sections"]:
        response = server.client.get(section["url"])
        assert response.status_code == 200
        page = Page(response.text)
        assert "mark" not in page.names()
        assert section["anchor"] in [attributes.get("id") for _, attributes in page.tags]


@pytest.mark.parametrize("question", [REFERENCE, EMPTY])
def test_http_and_python_give_the_same_answer(server: Served, question: str):
    assistant: Assistant = server.app.state.services.assistant

    asked = assistant.ask(question, links=SourceLinks("https://elsewhere.example"), caller=COMMAND_LINE).model_dump(
        by_alias=True, mode="json"
    )

    assert without_what_differs(asked) == without_what_differs(server.ask(question))
    assert asked["related_sections" if question == EMPTY else "citations"]


def test_the_command_line_gives_the_same_answer_as_http(server: Served, repere, home):
    done = repere("ask", "--json", REFERENCE, REPERE_HOME=home)

    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout)
    assert asked["citations"]
    assert without_what_differs(asked) == without_what_differs(server.ask(REFERENCE))


def test_links_begin_with_the_public_address_where_one_is_set(home, encoder):
    settings = Settings(home=home, public_url="https://cours.example/repere/")
    with serving(settings, encoder) as served:
        cited = served.ask(REFERENCE)["citations"][0]["url"]
        related = served.ask(EMPTY)["related_sections"][0]["url"]
        listed = served.client.get("/v1/courses/docker/documents").json()["documents"][0]["url"]

    for url in (cited, related, listed):
        assert url.startswith("https://cours.example/repere/courses/docker/documents/introduction-docker?version=")


def test_the_course_may_be_left_out_where_there_is_one(server: Served):
    assert server.ask(REFERENCE)["course"] == "docker"
    assert server.ask(REFERENCE, course=None)["course"] == "docker"


def test_the_conversation_is_the_one_that_was_given_else_a_new_one(server: Served):
    assert server.ask(REFERENCE, conversation_id="cours-du-lundi")["conversation_id"] == "cours-du-lundi"
    new = [server.ask(REFERENCE)["conversation_id"] for _ in range(2)]
    assert all(new)
    assert new[0] != new[1]


def test_every_answer_has_an_id_of_its_own(server: Served):
    assert len({server.ask(REFERENCE)["id"] for _ in range(3)}) == 3


def test_white_space_around_a_question_changes_nothing(server: Served):
    padded = server.ask(f"\n\t {REFERENCE}  \n")

    assert padded["question"] == REFERENCE
    assert padded["citations"] == server.ask(REFERENCE)["citations"]


def test_what_search_finds_stands_where_it_says(server: Served):
    found = server.client.get("/v1/search", params={"q": REFERENCE, "k": 3}).json()
    text = server.client.get("/v1/courses/docker/documents/introduction-docker").json()["text"]

    assert (found["course"], found["question"]) == ("docker", REFERENCE)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert found["hits"][0]["heading_path"] == ["Concepts", "Conteneur Docker"]
    for hit in found["hits"]:
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_the_course_and_its_documents_are_listed(server: Served):
    [course] = server.client.get("/v1/courses").json()["courses"]
    [listed] = server.client.get("/v1/courses/docker/documents").json()["documents"]
    document = server.client.get("/v1/courses/docker/documents/introduction-docker").json()

    assert (course["id"], course["available"], course["documents"]) == ("docker", True, 1)
    assert course["sections"] == len(document["sections"])
    assert listed == {name: document[name] for name in listed}
    assert listed["path"] == "introduction-docker.md"
    starts = [section["start"] for section in document["sections"]]
    assert [section["end"] for section in document["sections"]] == [*starts[1:], len(document["text"])]
    assert [s["heading_path"] for s in document["sections"] if s["is_empty"]] == [["Concepts", "Volume Docker"]]


def test_metrics_count_questions_and_never_name_what_was_asked(server: Served):
    server.ask("Une question très personnelle sur mon-secret ?")
    server.client.get("/nulle-part/mon-secret")
    server.client.get("/v1/courses/mon-secret/documents")

    text = server.client.get("/metrics").text

    assert 'repere_answers_total{course="docker",status="not_in_material"}' in text
    assert 'route="/v1/courses/{course}/documents",status="404"' in text
    assert "secret" not in text
