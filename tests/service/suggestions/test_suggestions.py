"""Questions to begin with: made of headings, and answered."""

from pathlib import Path

import pytest

from reperage.corpus import read_course
from reperage.index.build import build_index
from reperage.index.encoder import Encoder
from reperage.index.index import Index
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.pipeline import Pipeline
from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.library import CourseLibrary
from reperage.service.settings import Settings
from reperage.service.suggestions import suggestions as module
from reperage.service.suggestions.headings.question import question_of
from reperage.service.suggestions.suggestions import suggestions
from tests.conftest import MakeCourse

FRENCH = """
Un port est une porte. Les ports d'une machine sont nombreux. Le conteneur lit une image, et un conteneur écrit.
Les images sont lues par le conteneur. L'hôte ouvre des ports. La sécurité compte, et la sécurité d'abord. On lance
Docker Compose avec soin, puis Docker Compose s'arrête. On écrit un Dockerfile ; ce fichier, Dockerfile, est lu.
La commande compte, la table aussi. `volume` et encore `volume`. Les états changent.
"""
ENGLISH = """
A port is a door. The ports of a machine are many. The container reads an image. We start Docker Compose, and then
Docker Compose stops. The security of the host matters.
"""


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Qu'est-ce qu'un port ?", "Qu’est-ce qu’un port ?"),
        ("Quand ouvrir un port?", "Quand ouvrir un port ?"),
        ("2.1 Installer Docker", "Comment installer Docker ?"),
        ("Se connecter à une image", "Comment se connecter à une image ?"),
        ("Pourquoi ouvrir un port", "Pourquoi ouvrir un port ?"),
        ("Image Docker", "Qu’est-ce qu’une image Docker ?"),
        ("III. Conteneur", "Qu’est-ce qu’un conteneur ?"),
        ("🐳 Conteneur Docker 🐳", "Qu’est-ce qu’un conteneur Docker ?"),
        ("Ports d'une machine", "Que sont les ports d’une machine ?"),
        ("a) états du conteneur", "Que sont les états du conteneur ?"),
        ("Hôte", "Qu’est-ce que l’hôte ?"),
        ("Sécurité", "Qu’est-ce que la sécurité ?"),
        ("Les images", "Que sont les images ?"),
        ("Docker Compose", "Qu’est-ce que Docker Compose ?"),
        ("Dockerfile", "Qu’est-ce qu’un Dockerfile ?"),
        ("Introduction à Docker Compose", "Qu’est-ce que Docker Compose ?"),
        ("Introduction aux images", "Que sont les images ?"),
        ("Notion de port", "Qu’est-ce qu’un port ?"),
        ("La commande docker run : lancer", "À quoi sert la commande docker run ?"),
        ("Les avantages de Docker", "Quels sont les avantages de Docker ?"),
        ("Image vs conteneur", "Quelle est la différence entre image et conteneur ?"),
        ("Comparaison : Image vs Conteneur", "Quelle est la différence entre image et conteneur ?"),
        ("Architecture Docker", "Qu’est-ce que l’architecture Docker ?"),
    ],
)
def test_a_french_heading_becomes_the_question_that_its_section_answers(heading: str, question: str) -> None:
    found = question_of(heading, FRENCH, "fr")
    assert found is not None
    assert (found.text, found.is_natural) == (question, True)


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("What is a port?", "What is a port?"),
        ("1. Install Docker", "How do I install Docker?"),
        ("How to install Docker", "How do I install Docker?"),
        ("Why containers matter", "Why containers matter?"),
        ("Port", "What is a port?"),
        ("Image", "What is an image?"),
        ("Ports", "What are ports?"),
        ("Docker Compose", "What is Docker Compose?"),
        ("The security", "What is the security?"),
        ("Image vs. container", "What is the difference between image and container?"),
    ],
)
def test_an_english_heading_becomes_an_english_question(heading: str, question: str) -> None:
    found = question_of(heading, ENGLISH, "en")
    assert found is not None
    assert (found.text, found.is_natural) == (question, True)


@pytest.mark.parametrize(
    "heading",
    [
        "Introduction",
        "1. Introduction",
        "Introduction au chapitre",
        "Conclusion",
        "Sommaire du cours",
        "Exercices",
        "Exercice 3 : les ports",
        "Références",
        "Pour aller plus loin",
        "Prêt à commencer ?",
        "Pourquoi ?",
        "Pourquoi l'utiliser ?",
        "Comment ça marche ?",
        "Dans ce chapitre",
        "3",
        "---",
        "🐳",
        "",
        "--quiet, -q",
        "Un titre de bien trop de mots pour que personne en fasse une question",
        "x" * 200,
    ],
)
def test_no_question_is_made_of_a_heading_that_tells_too_little(heading: str) -> None:
    assert question_of(heading, FRENCH, "fr") is None


def test_a_heading_in_doubt_is_asked_for_by_its_name() -> None:
    found = question_of("Gzorg moyen", FRENCH, "fr")
    assert found is not None
    assert (found.text, found.is_natural) == ("Que dit le cours sur « Gzorg moyen » ?", False)


@pytest.fixture(scope="module")
def assistant(home: Path, encoder: Encoder) -> Assistant:
    settings = Settings(home=home)
    return Assistant(
        Pipeline(encoder, load_calibration(home, settings.recipe.model_digest, NAMES)),
        CourseLibrary(settings),
        Conversations(),
    )


@pytest.mark.model
def test_the_shipped_course_suggests_what_it_answers(assistant: Assistant) -> None:
    index = assistant.courses.index("docker")
    found = suggestions(assistant, index)
    assert len(found) == len(set(found)) == module.MOST
    assert "Qu’est-ce qu’une image Docker ?" in found
    assert not any("olume" in question for question in found), "its section is empty"
    for question in found:
        answer = assistant.draft(question, "docker", caller=COMMAND_LINE).answer
        assert (answer.status, answer.correction) == ("answered", None)


@pytest.mark.model
def test_what_may_not_be_asked_here_is_not_suggested(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant, "_max_question_length", 25)
    monkeypatch.setattr(module, "_suggestions", {})
    index = assistant.courses.index("docker")
    found = suggestions(assistant, index)
    assert found
    assert all(len(question) <= 25 for question in found)


@pytest.mark.model
def test_suggestions_are_found_once_for_an_opened_index(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    index = assistant.courses.index("docker")
    first = suggestions(assistant, index)
    monkeypatch.setattr(assistant, "draft", None)
    assert suggestions(assistant, index) == first


@pytest.mark.model
def test_suggestions_are_spread_over_a_course_and_bounded(
    home: Path, tmp_path: Path, make_course: MakeCourse, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = ["clavier", "souris", "écran", "disque", "mémoire", "réseau", "processus", "fichier", "dossier"]
    filler = "C'est un appareil dont on se sert chaque jour, à la maison comme au travail, et que l'on branche. "
    pages = {
        f"{i:02}.md": "# Page\n\n"
        + "".join(f"## Le {thing} {n}\n\nLe {thing} {n} sert. {filler * 2}\n\n" for n in "abc")
        for i, thing in enumerate(things)
    }
    settings = Settings(home=tmp_path / "home")
    course = read_course(make_course(pages), "choses")
    build_index(course, encoder, settings.recipe, settings.index_roots[0], material="-")
    assistant = Assistant(
        Pipeline(encoder, load_calibration(home, settings.recipe.model_digest, NAMES)),
        CourseLibrary(settings),
        Conversations(),
    )
    index: Index = assistant.courses.index("choses")
    asked: list[str] = []
    draft = assistant.draft
    monkeypatch.setattr(assistant, "draft", lambda question, course: asked.append(question) or draft(question, course))
    found = suggestions(assistant, index)
    assert len(asked) == len(set(asked)) <= 24
    pages_of = [next(i for i, thing in enumerate(things) if thing in question) for question in found]
    assert pages_of == sorted(set(pages_of))
    assert len(found) == module.MOST
    assert max(pages_of) - min(pages_of) >= 5
