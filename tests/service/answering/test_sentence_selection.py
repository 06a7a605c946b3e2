"""Which sentences are chosen, on small courses read by the shipped model."""

from pathlib import Path

import pytest

from reperage.index.text.analysis import term_set
from reperage.service.answering.sentence_selection import HITS
from tests.service.small_course import SmallCourse, course_of

pytestmark = pytest.mark.model

COURSE = """# Trains

## Locomotives

Dans une gare, les voyageurs attendent souvent la locomotive. Une locomotive est une machine qui tire des wagons. On
repeint la locomotive tous les dix ans. La locomotive part à midi et la locomotive rentre le soir.

## Signaux

Un signal fixe est planté au bord de la voie et ne change jamais. Le chef de gare agite un drapeau. Un signal mobile
est posé pour la durée d'un chantier, puis il est retiré. Les signaux sont repeints chaque printemps.

## Billets

Le billet se composte avant de monter. Quel billet faut-il composter ? Le contrôleur passe dans les wagons.

## Billets

Le billet se composte avant de monter. Un chien voyage-t-il gratuitement ? Non, jamais, et nulle part.

## Quais

**!!! Important !!!**

Jamais.

Exemple :

- Paris

## Mer

Les vagues usent les rochers. La marée monte deux fois par jour. La vague dépend du vent, la marée dépend de la lune.
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, encoder, recipe) -> SmallCourse:
    folder: Path = tmp_path_factory.mktemp("selection") / "trains"
    folder.mkdir()
    (folder / "cours.md").write_text(COURSE, encoding="utf-8")
    return course_of(folder, folder.parent / "indexes", encoder, recipe)


def chosen(course: SmallCourse, question: str) -> list[str]:
    return [candidate.sentence.shown for candidate in course.select(question)[1]]


def test_one_sentence_is_enough_where_it_is_sure(course: SmallCourse) -> None:
    assert chosen(course, "Combien de fois par jour la marée monte-t-elle ?") == ["La marée monte deux fois par jour."]


def test_where_it_is_not_sure_there_are_more_but_few(course: SmallCourse) -> None:
    found = chosen(course, "Parle-moi de la gare, des signaux, des billets et des locomotives")
    assert len(found) > 1
    assert sum(len(text.split()) for text in found) <= 150


def test_the_sentence_that_defines_comes_first(course: SmallCourse) -> None:
    wanted, found = course.select("C'est quoi une locomotive ?")
    assert wanted == "definition"
    assert found[0].sentence.shown == "Une locomotive est une machine qui tire des wagons."


def test_a_difference_is_answered_by_a_sentence_for_each_side(course: SmallCourse) -> None:
    wanted, found = course.select("Quelle est la différence entre un signal fixe et un signal mobile ?")
    assert wanted == "difference"
    assert {candidate.sentence.shown[:16] for candidate in found} == {"Un signal fixe e", "Un signal mobile"}


def test_a_difference_that_the_text_itself_tells_comes_first(course: SmallCourse) -> None:
    _, found = course.select("Quelle est la différence entre la vague et la marée ?")
    assert found[0].sentence.shown == "La vague dépend du vent, la marée dépend de la lune."


def test_a_difference_with_what_is_not_spoken_of_is_a_question_like_others(course: SmallCourse) -> None:
    wanted, found = course.select("Quelle est la différence entre une locomotive et un hélicoptère ?")
    assert wanted == "difference"
    assert found
    assert all("hélicoptère" not in candidate.sentence.shown for candidate in found)


@pytest.mark.parametrize("question", ["Quand se composte le billet ?", "billet", "chien et billet", "la mer"])
def test_each_text_is_a_candidate_once_and_likeliest_first(course: SmallCourse, question: str) -> None:
    found = course.candidates(question)
    texts = [candidate.sentence.shown for candidate in found]
    assert len(texts) == len(set(texts))
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert {c.hit.row for c in found} <= {hit.row for hit in course.hits(question)[:HITS]}
    picked = course.select(question)[1]
    assert 0 < len(picked) <= len(found)
    assert all(candidate in found for candidate in picked)
    assert len({c.sentence.shown for c in picked}) == len(picked)


def test_a_question_in_the_text_does_not_answer(course: SmallCourse) -> None:
    assert not chosen(course, "Quel billet faut-il composter ?")[0].endswith("?")


def test_what_follows_a_question_in_the_text_answers_it(course: SmallCourse) -> None:
    assert chosen(course, "Un chien voyage-t-il gratuitement ?")[0] == "Non, jamais, et nulle part."


@pytest.mark.parametrize(
    "question", ["Un signal mobile est posé combien de temps ?", "xyzzy plugh", "🙂🙂 12", "?? a b"]
)
def test_the_share_of_the_question_that_is_held_is_a_share(course: SmallCourse, question: str) -> None:
    query = course.index.query(question)
    for candidate in course.candidates(question):
        assert 0 <= candidate.passage <= 1 + 1e-6
        own = query.share(query.places_in(term_set(candidate.sentence.shown)))
        assert candidate.passage >= own - 1e-6


def test_without_a_candidate_nothing_is_chosen(course: SmallCourse) -> None:
    from reperage.service.answering.sentence_selection import select

    for question in ("C'est quoi une locomotive ?", "différence entre un signal fixe et un signal mobile", "mer"):
        assert select(course.index, question, [])[1] == []
