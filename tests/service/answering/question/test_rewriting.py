"""From what was typed to what is asked."""

import pytest
from hypothesis import given

from reperage.index.text.vocabulary import Vocabulary
from reperage.service.answering.question.rewriting import RewrittenQuestion, rewrite
from tests.corpus.generated import arbitrary

PROSE = """Une image Docker est un système de fichiers. Le conteneur tourne. Un port exposé est accessible depuis
l'hôte. Un port interne ne l'est pas. Le volume garde les données. Un conteneur, une image, un volume, un port."""
VOCABULARY = Vocabulary.build([PROSE], [])
BEFORE = ["C'est quoi un port exposé ?"]


def test_what_is_plainly_asked_is_read_as_it_is() -> None:
    question = "C'est quoi un port exposé ?"
    assert rewrite(question, VOCABULARY, []) == RewrittenQuestion(question, None)
    assert rewrite(question, VOCABULARY, BEFORE) == RewrittenQuestion(question, None)


def test_courtesies_are_left_out_and_are_no_correction() -> None:
    assert rewrite("Bonjour, c'est quoi un port ? Merci", VOCABULARY, []) == RewrittenQuestion(
        "c'est quoi un port ?", None
    )


def test_a_slip_is_mended_and_told() -> None:
    found = rewrite("bonjour, c'est quoi un conteneure ?", VOCABULARY, [])
    assert found.question == "c'est quoi un conteneur ?"
    assert found.correction is not None
    assert (found.correction.from_, found.correction.to) == ("c'est quoi un conteneure ?", "c'est quoi un conteneur ?")


def test_a_follow_up_is_mended_first_and_made_whole_then() -> None:
    found = rewrite("et un port intrene ?", VOCABULARY, BEFORE)
    assert found.question == "C'est quoi un port interne ?"
    assert found.correction is not None
    assert (found.correction.from_, found.correction.to) == ("et un port intrene ?", "et un port interne ?")


def test_standing_alone_is_no_correction() -> None:
    assert rewrite("et un port interne ?", VOCABULARY, BEFORE) == RewrittenQuestion(
        "C'est quoi un port interne ?", None
    )
    assert rewrite("et un port interne ?", VOCABULARY, []) == RewrittenQuestion("et un port interne ?", None)


def test_english_is_not_spelt_as_french() -> None:
    question = "What is the conteneure and how does it work?"
    assert rewrite(question, VOCABULARY, []) == RewrittenQuestion(question, None)


@pytest.mark.parametrize(
    "typed",
    ["un \ufb01chier", "un fi\u00adchier", "un\u200b fi\u200cchier", "\ufeffun fichi\u2060er", "un fi\u200dchier"],
)
def test_what_a_paste_brings_is_read_without_and_is_no_correction(typed: str) -> None:
    assert rewrite(f"c'est quoi {typed} ?", VOCABULARY, []) == RewrittenQuestion("c'est quoi un fichier ?", None)


@pytest.mark.parametrize(
    "question", ["?!" * 900, "a" * 2000, "🐳" * 900, "'; DROP TABLE x; --", "\u202eport", "e\u0301" * 900]
)
def test_strange_text_is_read_as_it_is(question: str) -> None:
    assert rewrite(question, VOCABULARY, []) == RewrittenQuestion(question, None)


@given(text=arbitrary)
def test_any_text_is_read_in_any_conversation(text: str) -> None:
    for earlier in ([], BEFORE, [text, text]):
        found = rewrite(text, VOCABULARY, earlier)
        assert isinstance(found.question, str)
        assert found.correction is None or found.correction.from_ != found.correction.to
