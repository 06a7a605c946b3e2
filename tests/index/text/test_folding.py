import pytest
from hypothesis import given

from reperage.index.text.folding import fold, fold_keeping_length, same_question_key
from tests.corpus.generated import arbitrary


@pytest.mark.parametrize(
    ("text", "folded"),
    [("L’Écosystème", "l’ecosysteme"), ("e\u0301cran", "ecran"), ("ŒUVRE", "oeuvre"), ("ABC", "abc")],
)
def test_case_accents_and_ligatures_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(("text", "folded"), [("L’Écosystème", "l'ecosysteme"), ("ŒUVRE", "œuvre"), ("ABC", "abc")])
def test_letter_for_letter_apostrophes_are_straight_and_ligatures_stay(text: str, folded: str) -> None:
    assert fold_keeping_length(text) == folded


@given(text=arbitrary)
def test_any_text_keeps_its_length(text: str) -> None:
    assert len(fold_keeping_length(text)) == len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Un port ?", "un  port"),
        ("Un port ?", "UN PORT\u00a0?"),
        ("L’image…", "l'image"),
        ("Straße !", "STRASSE"),
        ("e\u0301cran", "Écran."),
    ],
)
def test_questions_that_are_the_same(one: str, other: str) -> None:
    assert same_question_key(one) == same_question_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Un port ?", "Un porc ?"), ("C", "C++"), ("?", "!"), ("ou", "où"), (".NET ?", "net ?")]
)
def test_questions_that_are_not(one: str, other: str) -> None:
    assert same_question_key(one) != same_question_key(other)
