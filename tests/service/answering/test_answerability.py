"""Whether the material answers: what the decision rests on, and that it does not hang on a hair."""

from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest

from reperage.index.index import Hit
from reperage.index.text.analysis import term_set
from reperage.service.answering.answerability import ENCODER_FREE, NAMES, Features
from reperage.service.answering.calibration import Calibration
from tests.conftest import MakeCourse
from tests.index.building import RECIPE, CountingEncoder
from tests.service.api.test_questions import ANSWERED, OUTSIDE
from tests.service.small_course import SmallCourse, course_of, shipped_calibration

Course = Callable[[str], SmallCourse]

TEXT = """# Trains

## Locomotives

Une locomotive tire des wagons. Elle roule de nuit vers Lyon. Le quai est long.

## Gares

La gare accueille les voyageurs. Le chef de gare agite un drapeau.

## Mer

Les vagues usent les rochers.
"""


@pytest.fixture
def course(make_course: MakeCourse, tmp_path: Path) -> Course:
    """A course of one document; its vectors tell nothing, so that words alone decide."""

    def made(text: str = TEXT) -> SmallCourse:
        return course_of(make_course({"cours.md": text}), tmp_path / "indexes", CountingEncoder(), RECIPE)

    return made


@pytest.mark.parametrize(
    ("question", "missing_names"),
    [
        ("Que tire la locomotive ?", 0),
        ("La locomotive roule vers Lyon ou vers Brest la nuit ?", 1),
        ("Une locomotive Alba, une gare Saint-Jean et un avion", 2),
        ("LA LOCOMOTIVE ROULE VERS BREST", 0),
        ("xyzzy plugh", 0),
    ],
)
def test_the_features_by_hand(course: Course, question: str, missing_names: int) -> None:
    asked = course(TEXT)
    index, query = asked.index, asked.index.query(question)
    vector = asked.encoder.encode_query([question])[0]
    vectors = index.vectors_by_text()
    hits = asked.hits(question)

    def held(text: str) -> frozenset[int]:
        return frozenset(i for i, term in enumerate(query.terms) if term.stems & term_set(text))

    def share(places: frozenset[int]) -> float:
        return sum(query.terms[i].weight for i in places) / sum(term.weight for term in query.terms)

    def best(hit: Hit) -> float:
        return max(float(vectors[hit.chunk.in_context(s)] @ vector) for s in hit.chunk.sentences)

    passages = {}
    for hit in hits:
        before = frozenset[int]()
        for sentence in hit.chunk.sentences:
            own = held(sentence.shown)
            passages[sentence.shown] = share(own | before | held(hit.chunk.heading))
            before = own
    likeliest = [candidate.sentence.shown for candidate in asked.candidates(question)[:3]]
    cosines = sorted((best(hit) for hit in hits), reverse=True)

    found = asked.features(question)

    assert found.dense == pytest.approx(float(vectors[hits[0].chunk.embedded_text] @ vector), abs=1e-5)
    assert found.sentence == pytest.approx(cosines[0], abs=1e-3)
    assert found.margin == pytest.approx(cosines[0] - float(np.mean(cosines[1:])), abs=1e-3)
    assert found.coverage == pytest.approx(share(held(hits[0].chunk.embedded_text)), abs=1e-5)
    assert found.passage == pytest.approx(max(passages[shown] for shown in likeliest), abs=1e-5)
    assert found.terms == pytest.approx(log(1 + len(query.terms)))
    # Which chunk is best depends on the vectors, which are made up here.
    assert found.names == sum(
        name not in hits[0].chunk.text for name in ("Lyon", "Brest", "Alba", "Saint-Jean") if name in question
    )
    assert missing_names <= found.names <= missing_names + 1
    assert found.form == 0
    assert list(found.by_name()) == list(NAMES)


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("Combien de quais a la gare ?", "La gare a des quais.", True),
        ("Combien de quais a la gare ?", "La gare a douze quais.", False),
        ("Combien de quais a la gare ?", "La gare a 3 quais.", False),
        ("Combien de quais a la gare numéro 12 ?", "La gare numéro 12 a des quais.", True),
        ("En quelle année la gare a-t-elle ouvert ?", "La gare a ouvert un matin.", True),
        ("En quelle année la gare a-t-elle ouvert ?", "La gare a ouvert en 1857.", False),
        ("Quel est le prix du billet ?", "Le billet a un prix affiché.", True),
        ("Quel est le prix du billet ?", "Le prix du billet est de 12 euros.", False),
        ("Quelle commande démarre la locomotive ?", "La locomotive démarre le matin.", True),
        ("Quelle commande démarre la locomotive ?", "La locomotive démarre par la commande `alba start`.", False),
        ("Que fait la gare ?", "La gare accueille les voyageurs.", False),
    ],
)
def test_a_number_a_year_a_price_or_a_command_that_is_asked_for_and_absent_is_seen(
    course: Course, question: str, text: str, lacks: bool
) -> None:
    asked = course(f"# Trains\n\n{text}\n")
    assert asked.features(question).form == lacks
    judged = asked.judge(question, calibration(form=-3.0))
    assert judged.answers is not lacks


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        ("Quelle est la différence entre une locomotive et une gare ?", False),
        ("Quelle est la différence entre une locomotive et un hélicoptère ?", True),
        ("Quelle est la différence ?", False),
    ],
)
def test_a_difference_from_what_the_material_does_not_speak_of_is_seen(
    course: Course, question: str, lacks: bool
) -> None:
    assert course(TEXT).features(question).form == lacks


def calibration(**weights: float) -> Calibration:
    return Calibration(None, None, weights, intercept=1.0, threshold=0.5, checked={})


def test_without_a_hit_there_is_no_answer(course: Course) -> None:
    judged = course(TEXT).judge("Que tire la locomotive ?", replace(calibration(), intercept=50.0), hits=[])
    assert (judged.probability, judged.answers, judged.coverage) == (0, False, 0)


def test_a_section_without_a_sentence_is_judged_too(course: Course) -> None:
    asked = course("# Gares\n")
    found = asked.features("C'est quoi les gares ?")
    assert found.form == found.passage == 0
    assert 0 < found.coverage <= 1


def test_the_threshold_decides_and_answers_at_itself(course: Course) -> None:
    asked = course(TEXT)
    at = calibration(coverage=1.0)
    probability = asked.judge("Que tire la locomotive ?", at).probability
    for threshold, answers in ((probability - 0.01, True), (probability, True), (probability + 0.01, False)):
        assert asked.judge("Que tire la locomotive ?", replace(at, threshold=threshold)).answers is answers


def test_half_of_the_features_do_not_know_the_encoder(course: Course) -> None:
    asked = course(TEXT)
    hits = asked.hits("Que tire la locomotive ?")
    other = [replace(hit, dense=hit.dense / 2, sentence=hit.sentence - 0.3) for hit in hits]
    before, after = (asked.features("Que tire la locomotive ?", found) for found in (hits, other))
    assert {name for name in NAMES if getattr(before, name) != getattr(after, name)} <= set(NAMES) - set(ENCODER_FREE)
    assert isinstance(before, Features)


DOCKER = [
    *ANSWERED,
    "C'est quoi un port interne ?",
    "Une image peut-elle être modifiée ?",
    "Où trouver des images officielles ?",
    "Qu'est-ce que Docker Compose ?",
    "Combien de couches a une image ?",
    "What is an exposed port?",
    "À quoi sert Kubernetes ?",
]


@pytest.mark.model
@pytest.mark.parametrize("shift", [-0.005, 0.005])
def test_cosines_that_are_a_little_off_move_the_probability_little(index, encoder, recipe, shift: float) -> None:
    asked, shipped = SmallCourse(index, encoder), shipped_calibration(recipe)
    for question in (*DOCKER, *OUTSIDE):
        hits = asked.hits(question)
        moved = [replace(hit, dense=hit.dense + shift, sentence=hit.sentence + shift) for hit in hits]
        before, after = (asked.judge(question, shipped, found).probability for found in (hits, moved))
        assert abs(after - before) < 0.05, question


@pytest.mark.model
@pytest.mark.parametrize("shift", [-0.005, 0.0, 0.005])
def test_what_is_plain_is_decided_the_same_however_a_machine_rounds(index, encoder, recipe, shift: float) -> None:
    asked, shipped = SmallCourse(index, encoder), shipped_calibration(recipe)
    for questions, answers in ((ANSWERED, True), (OUTSIDE, False)):
        for question in questions:
            hits = [replace(h, dense=h.dense + shift, sentence=h.sentence + shift) for h in asked.hits(question)]
            assert asked.judge(question, shipped, hits).answers is answers, question
