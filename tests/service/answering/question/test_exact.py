import pytest

from reperage.service.answering.question.exact import exact_in, missing, speaks_of_another, stands_in
from tests.service.small_course import SmallCourse

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("question", "spellings"),
    [
        ("Que signale l'erreur 403 ?", {"403"}),
        ("C'est quoi la règle numéro 4 ?", {"4"}),
        ("En quelle année HTML 5.3 est-il sorti ?", {"5.3"}),
        ("que fait la fonction charger_video", {"charger_video"}),
        ("À quoi sert docker-compose.yml ?", {"docker-compose.yml"}),
        ("à quoi sert -d ?", {"-d"}),
        ("docker run --rm c koi", {"--rm"}),
        ("à quoi sert && ?", {"&&"}),
        ("différence entre C et C++", {"C++"}),
        ("c'est quoi le C# ?", {"C#"}),
        ("différence entre IPv4 et IPv6", {"ipv4", "ipv6"}),
        ("Quelles sont les 7 couches du modèle OSI ?", set()),
        ("Qui l'a inventé en 1991 ?", set()),
        ("Peut-on dire « est-ce que » ?", set()),
    ],
)
def test_what_must_stand_in_an_answer_as_it_is_written(question: str, spellings: set[str]) -> None:
    assert {exact.spelling for exact in exact_in(question)} == spellings


@pytest.mark.parametrize(
    ("question", "text", "stands"),
    [
        ("l'erreur 403", "404 ou 403.", True),
        ("l'erreur 403", "4031, 1403 et 403,5", False),
        ("l'option -p", "L'option `-P`", False),
        ("IPv6", "La version IPv 6", True),
        ("charger_video", "charger_image", False),
    ],
)
def test_a_near_neighbour_is_something_else(question: str, text: str, *, stands: bool) -> None:
    [exact] = exact_in(question)
    assert stands_in(exact, text) is stands


def test_sentences_about_another_thing_of_the_kind_are_known(course) -> None:
    small: SmallCourse = course(
        "# Serveur\n\nL'erreur 404 signale une page absente. L'erreur 500 signale une panne. Une erreur se lit.\n"
    )
    wanted = exact_in("Que signale l'erreur 404 ?")
    [hit] = small.hits("Que signale l'erreur 404 ?")
    assert [speaks_of_another(wanted, sentence) for sentence in hit.chunk.sentences] == [False, True, False]
    assert missing("Que signale l'erreur 404 ?", [hit]) == []
    assert [exact.spelling for exact in missing("Que signale l'erreur 403 ?", [hit])] == ["403"]


@pytest.mark.parametrize(
    "question",
    [
        "Cite 3 protocoles de messagerie",
        "Cite moi au moins 3 erreurs",
        "J'utilise Python 3.12, comment créer une liste ?",
        "Que s'est-il passé après 1789 ?",
        "Explique le DNS ^^",
        "DNS => c'est quoi ?",
        "Que veut dire <<erreur>> ?",
        "C'est quoi le DNS.et le DHCP ?",
        "Quelles sont les différences -avantages -inconvénients ?",
        "Que se passe-t-il à -40 °C ?",
        "y a -t-il une erreur ?",
    ],
)
def test_how_a_question_is_written_is_not_asked_for(course, question: str) -> None:
    small: SmallCourse = course("# Serveur\n\nL'erreur 404 signale une page absente. L'erreur 500 une panne.\n")
    assert missing(question, small.hits("erreur")) == []


@pytest.mark.parametrize(
    ("question", "text"), [("utf8 c koi", "UTF-8"), ("le COVID19", "la covid-19"), ("1000", "1 000")]
)
def test_a_name_and_its_number_may_stand_apart(question: str, text: str) -> None:
    assert all(stands_in(exact, text) for exact in exact_in(f"norme {question}"))
