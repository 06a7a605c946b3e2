import pytest
from hypothesis import given

from reperage.index.text.analysis import STOP_WORDS, terms
from reperage.index.text.folding import fold
from tests.corpus.generated import arbitrary


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("l'image", "image"),
        ("l’image", "image"),
        ("L'Image", "images"),
        ("conteneurs", "conteneur"),
        ("CONTENEUR", "conteneur"),
        ("écosystème", "ecosysteme"),
        ("e\u0301cosyste\u0300me", "écosystème"),
        ("œuvre", "oeuvre"),
        ("jusqu'à l'hôte", "hôte"),
        ("qu'est-ce qu'un port", "port"),
        ("exposés", "exposé"),
        ("systèmes", "système"),
    ],
)
def test_spellings_of_one_word_give_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize("text", ["", "le la les des", "Qu'est-ce que c'est ?", "!!! … —", "🐳"])
def test_a_text_without_words_that_tell_has_no_terms(text: str) -> None:
    assert terms(text) == []


def test_a_compound_gives_its_parts_and_itself() -> None:
    assert terms("docker-compose.yml")[-1] == "docker-compose.yml"
    assert set(terms("docker compose yml")) < set(terms("docker-compose.yml"))


def test_terms_are_in_the_order_of_the_text_and_repeat() -> None:
    assert terms("port image port") == [*terms("port"), *terms("image"), *terms("port")]


def test_stop_words_are_folded() -> None:
    assert all(word == fold(word) for word in STOP_WORDS)


@given(text=arbitrary)
def test_any_text_has_terms_that_are_folded(text: str) -> None:
    for term in terms(text):
        assert term
        assert term == term.lower()
    assert terms(text) == terms(text)
