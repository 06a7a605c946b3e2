"""`Assistant.ask`: small talk, corrections and conversations, and what a reranker changes."""

import shutil
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from reperage.index.encoder import Encoder
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.pipeline import Pipeline, find
from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE
from reperage.service.contract.answer import Answer
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.library import CourseLibrary
from reperage.service.errors import InvalidQuestion, StartError, UnknownConversation
from reperage.service.loading import Loading, load_reader
from reperage.service.messages import messages
from reperage.service.settings import Settings
from tests.index.building import save_cross_encoder
from tests.service.serving import Served, build_course

pytestmark = pytest.mark.model

IMAGE = "Qu'est-ce qu'une image Docker ?"
OCEAN = "# La mer\n\nLes marées viennent de la Lune. Un conteneur est tombé à la mer. Une image de la mer.\n"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, home: Path, encoder: Encoder) -> Assistant:
    """The shipped course and one about the sea."""
    folder = tmp_path_factory.mktemp("assistant")
    own = Path(shutil.copytree(home, folder / "home"))
    (folder / "ocean").mkdir()
    (folder / "ocean" / "mer.md").write_text(OCEAN, encoding="utf-8")
    build_course(own, folder / "ocean", encoder)
    settings = Settings(home=own)
    return Assistant(
        Pipeline(encoder, load_calibration(own, settings.recipe.model_digest, NAMES)),
        CourseLibrary(settings),
        Conversations(),
    )


def ask(assistant: Assistant, *questions: str, course: str = "docker") -> Answer:
    """The last answer of a conversation of its own."""
    conversation_id = None
    for question in questions:
        answer = assistant.ask(question, course, conversation_id=conversation_id, caller=COMMAND_LINE)
        conversation_id = answer.conversation_id
    return answer


async def names_of(assistant: Assistant, question: str) -> list[str]:
    return [event.name async for event in assistant.stream(question, "docker", caller=COMMAND_LINE)]


def test_the_stream_says_that_passages_are_read(assistant: Assistant, home: Path) -> None:
    reader = load_reader(Settings(home=home, reader="on"))
    reading = Assistant(replace(assistant.pipeline, reader=reader), assistant.courses, assistant.conversations)
    assert anyio.run(names_of, reading, IMAGE)[:2] == ["reading", "status"]
    assert anyio.run(names_of, reading, "merci")[0] == "status"
    assert anyio.run(names_of, assistant, IMAGE)[0] == "status"


def cited(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Bonjour !", "greeting"), ("merci bcp", "thanks"), ("qui es-tu ?", "who_are_you"), ("ok", "acknowledgement")],
)
def test_small_talk_has_a_reply_and_cites_nothing(assistant: Assistant, said: str, kind: str) -> None:
    answer = ask(assistant, said)
    title = assistant.courses.index("docker").manifest.title
    assert answer.status == "small_talk"
    assert answer.answer == messages("fr")[f"small_talk_{kind}"].format(course=title)
    assert answer.sentences == answer.citations == answer.related_sections == []
    assert answer.correction is None
    assert answer.question == answer.standalone_question == said
    assert answer.confidence == 1


def test_small_talk_does_not_enter_the_conversation(assistant: Assistant) -> None:
    follow_up = "et un conteneur ?"
    assert ask(assistant, IMAGE, "merci !", "ok", follow_up).standalone_question == "Qu'est-ce qu'un conteneur ?"
    assert ask(assistant, "bonjour", "ça va ?", follow_up).standalone_question == follow_up


def test_a_greeting_before_a_question_is_left_out(assistant: Assistant) -> None:
    answer = ask(assistant, "Bonjour, c'est quoi un port exposé ? Merci !")
    alone = ask(assistant, "c'est quoi un port exposé ?")
    assert answer.status == "answered"
    assert answer.question == "Bonjour, c'est quoi un port exposé ? Merci !"
    assert answer.standalone_question == "c'est quoi un port exposé ?"
    assert answer.correction is None
    assert (cited(answer), answer.confidence) == (cited(alone), alone.confidence)


def test_a_misspelt_question_is_answered_as_the_right_one_and_told(assistant: Assistant) -> None:
    answer = ask(assistant, "cest koi un port expossé ?")
    right = ask(assistant, "c'est quoi un port exposé ?")
    assert answer.status == "answered"
    assert cited(answer) == cited(right)
    assert answer.question == "cest koi un port expossé ?"
    assert answer.standalone_question == "c'est quoi un port exposé ?"
    assert right.correction is None
    assert answer.model_dump(by_alias=True)["correction"] == {
        "from": "cest koi un port expossé ?",
        "to": "c'est quoi un port exposé ?",
    }


def test_a_correction_is_told_over_http(server: Served) -> None:
    answer = server.ask("cest koi un port expossé ?")
    assert answer["correction"] == {"from": "cest koi un port expossé ?", "to": "c'est quoi un port exposé ?"}


def test_a_follow_up_is_answered_as_the_whole_question(assistant: Assistant) -> None:
    answer = ask(assistant, "C'est quoi un port exposé ?", "et un port interne ?")
    whole = ask(assistant, "C'est quoi un port interne ?")
    assert answer.status == "answered"
    assert answer.question == "et un port interne ?"
    assert answer.standalone_question == whole.question
    assert answer.correction is None
    assert (cited(answer), answer.confidence) == (cited(whole), whole.confidence)


def test_a_follow_up_of_a_follow_up_leans_on_what_that_was_read_as(assistant: Assistant) -> None:
    answer = ask(assistant, "C'est quoi un port exposé ?", "et un port interne ?", "pourquoi ?")
    assert "port interne" in answer.standalone_question


def test_another_conversation_does_not_see_the_question(assistant: Assistant) -> None:
    ask(assistant, IMAGE)
    assert ask(assistant, "et un conteneur ?").standalone_question == "et un conteneur ?"
    assert assistant.ask(
        "et un conteneur ?", "docker", conversation_id="ailleurs", caller=COMMAND_LINE
    ).standalone_question == ("et un conteneur ?")


def test_another_course_does_not_see_the_conversation(assistant: Assistant) -> None:
    name = "deux-cours"
    assistant.ask(IMAGE, "docker", conversation_id=name, caller=COMMAND_LINE)
    with pytest.raises(UnknownConversation):
        assistant.ask("et un conteneur ?", "ocean", conversation_id=name, caller=COMMAND_LINE)
    back = assistant.ask("et un port interne ?", "docker", conversation_id=name, caller=COMMAND_LINE)
    assert back.standalone_question == "Qu'est-ce qu'un port interne ?"


def test_what_cannot_be_asked_does_not_enter_the_conversation(assistant: Assistant) -> None:
    name = "refus"
    assistant.ask(IMAGE, "docker", conversation_id=name, caller=COMMAND_LINE)
    for wrong in ("?", "a" * 2001, "un\0port"):
        with pytest.raises(InvalidQuestion):
            assistant.ask(wrong, "docker", conversation_id=name, caller=COMMAND_LINE)
    assert assistant.ask(
        "et un conteneur ?", "docker", conversation_id=name, caller=COMMAND_LINE
    ).standalone_question == ("Qu'est-ce qu'un conteneur ?")


def test_a_spelling_is_that_of_the_course(assistant: Assistant) -> None:
    assert ask(assistant, "d'où viennent les maréees ?", course="ocean").correction is not None
    assert ask(assistant, "D'où viennent les marées ?", course="ocean").correction is None


@pytest.fixture(scope="module")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("reranker") / "petit")


def test_a_reranker_that_the_settings_name_orders_the_hits(home, encoder, monkeypatch, reranker_folder) -> None:
    from reperage.index.reranker import Reranker

    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    plain = Loading(Settings(home=home)).run()
    monkeypatch.setenv("REPERE_RERANKER", str(reranker_folder))
    reranked = Loading(Settings(home=home)).run()

    question = "Un port exposé et une image Docker"
    index, hits = plain.search(question, "docker", 20, caller=COMMAND_LINE)
    expected = Reranker.load(str(reranker_folder)).rerank(question, hits)
    found = reranked.search(question, "docker", 20, caller=COMMAND_LINE)[1]
    assert [hit.chunk for hit in found] == [hit.chunk for hit in expected]
    assert [hit.chunk for hit in found] != [hit.chunk for hit in hits]
    _, best = reranked.search(question, "docker", 3, caller=COMMAND_LINE)
    assert [hit.chunk for hit in best] == [hit.chunk for hit in expected[:3]]
    vector = encoder.encode_query([question])[0]
    assert find(index, question, vector, None, 20) == hits
    assert reranked.ask(question, "docker", caller=COMMAND_LINE).status in (
        "answered",
        "not_in_material",
        "section_empty",
    )


def test_hits_that_the_reranker_does_not_read_follow_as_they_were(
    encoder, make_course, tmp_path, reranker_folder
) -> None:
    from reperage.index.index import Index
    from reperage.index.reranker import Reranker

    folder = make_course({f"{i:02}.md": f"# Leçon {i}\n\nUn port numéro {i} est un conteneur.\n" for i in range(30)})
    index = Index.open(build_course(tmp_path / "home", folder, encoder).folder, None)
    vector = encoder.encode_query(["un port"])[0]
    hits = index.search("un port", vector, 30)
    found = find(index, "un port", vector, Reranker.load(str(reranker_folder)), 30)
    assert found[20:] == hits[20:]
    assert {hit.row for hit in found[:20]} == {hit.row for hit in hits[:20]}
    assert [hit.rank for hit in found] == list(range(1, 31))
    assert [hit.score for hit in found] == [hit.score for hit in hits]


def test_a_reranker_that_cannot_be_loaded_keeps_the_program_from_starting(home, encoder, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: encoder)
    monkeypatch.setenv("REPERE_RERANKER", str(tmp_path))
    with pytest.raises(StartError, match="REPERE_RERANKER"):
        Loading(Settings(home=home)).run()
