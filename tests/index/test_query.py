"""What a question looks for, and the other words that it is found by."""

import pytest
from hypothesis import given

from reperage.index.lexical import Lexical
from reperage.index.query import FRAMING_WORDS, Query, in_own_words
from reperage.index.text.analysis import terms
from reperage.index.text.equivalents import equivalents
from tests.corpus.generated import arbitrary


def course(*texts: str) -> Lexical:
    return Lexical.build([terms(text) for text in texts])


def stem(word: str) -> str:
    [only] = terms(word)
    return only


def matter(question: str, lexical: Lexical) -> list[str]:
    """The stems of a question's terms, in order, their equivalents left out."""
    return [next(s for s in terms(question) if s in term.stems) for term in Query.of(question, lexical).terms]


FRENCH = course(
    "Le conteneur tourne.", "Un conteneur et une image.", "Le container de Docker.", "Une image.", "Un port."
)
BILINGUAL = course("Le container tourne.", "Un container.", "Un conteneur.", "Une image.")


def test_an_english_word_is_searched_by_the_french_one_that_the_course_uses_more() -> None:
    [term] = Query.of("container", FRENCH).terms
    assert term.stems == {stem("container"), stem("conteneur")}
    assert term.weight == FRENCH.idf(stem("conteneur"))
    assert term.known


def test_a_word_is_searched_alone_where_the_course_uses_it_more() -> None:
    [french] = Query.of("conteneur", FRENCH).terms
    [english] = Query.of("container", BILINGUAL).terms
    assert french.stems == {stem("conteneur")}
    assert english.stems == {stem("container")}
    assert english.weight == BILINGUAL.idf(stem("container"))


def test_a_french_word_is_searched_by_the_english_one_that_the_course_uses_more() -> None:
    assert stem("container") in Query.of("conteneur", BILINGUAL).stems


def test_a_word_that_the_course_has_only_by_another_name_is_known() -> None:
    [term] = Query.of("folder", course("Un dossier.", "Un port.")).terms
    assert term.known
    assert stem("dossier") in term.stems


def test_a_word_that_the_course_does_not_have_weighs_nearly_as_much_as_a_word_can() -> None:
    query = Query.of("Un conteneur et Kubernetes", FRENCH)
    container, kubernetes = query.terms
    assert kubernetes.stems == {stem("Kubernetes")}
    assert not kubernetes.known
    assert FRENCH.highest_idf > kubernetes.weight > container.weight


def test_what_bm25_adds_up_are_the_stems_and_their_equivalents_once_each() -> None:
    query = Query.of("différence entre un container, une image et un container", FRENCH)
    assert len(query.stems) == len(set(query.stems))
    assert set(query.stems) >= {stem(word) for word in ("container", "conteneur", "image")}
    assert set(query.stems) >= set().union(*(term.stems for term in query.terms))


def test_function_words_of_an_english_question_are_left_out() -> None:
    assert matter("What happens to the data when you stop a container?", FRENCH) == [
        stem(word) for word in ("happens", "data", "stop", "container")
    ]


def test_a_french_question_keeps_words_that_are_code() -> None:
    assert matter("la boucle for et le mot-clé with", FRENCH).count("for") == 1
    assert {"for", "with"} <= set(Query.of("la boucle for et le mot clé with", FRENCH).stems)
    assert "for" not in Query.of("What is a loop for?", FRENCH).stems


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Quelle est la différence entre un port et une image ?", ["port", "image"]),
        ("Que signifie immuable ?", ["immuable"]),
        ("À quoi sert un volume ?", ["volume"]),
        ("Peux-tu m'expliquer ce qu'on entend par port ?", ["port"]),
        ("Bonjour, c'est quoi un port svp", ["port"]),
        ("What does port mean?", ["port"]),
        ("port port Port ports", ["port"]),
    ],
)
def test_words_that_only_frame_a_question_are_no_terms(question: str, about: list[str]) -> None:
    found = matter(question, FRENCH)
    assert set(found) >= {stem(word) for word in about}
    assert not set(found) & FRAMING_WORDS
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("question", "alone"), [("C'est quoi la différence ?", "différence"), ("définition", "définition")]
)
def test_where_there_are_no_others_they_are(question: str, alone: str) -> None:
    assert matter(question, FRENCH) == [stem(alone)]


def test_the_shares_of_all_terms_are_one() -> None:
    query = Query.of("Un conteneur, une image et Kubernetes", FRENCH)
    held = query.places_in(frozenset({stem("image"), stem("conteneur"), stem("port")}))
    assert held == {0, 1}
    assert query.share(range(len(query.terms))) == pytest.approx(1)
    weights = [term.weight for term in query.terms]
    assert query.share(held) == pytest.approx((weights[0] + weights[1]) / sum(weights))
    assert query.share(()) == 0


def test_a_term_is_held_by_its_equivalent() -> None:
    query = Query.of("container", FRENCH)
    assert query.places_in(frozenset({stem("conteneur")})) == {0}
    assert query.places_in(frozenset()) == frozenset()


@pytest.mark.parametrize("question", ["", "?!", "qu'est-ce que c'est ?", "🐳"])
def test_a_question_without_a_word_that_tells_has_no_terms(question: str) -> None:
    query = Query.of(question, FRENCH)
    assert query.terms == query.stems == ()
    assert query.share(()) == query.share(range(0)) == 0


def test_a_course_without_a_word_weighs_every_term_the_same() -> None:
    nothing = Lexical.build([])
    query = Query.of("un conteneur et une image", nothing)
    assert [term.weight for term in query.terms] == [0.7 * nothing.highest_idf] * 2
    assert not any(term.known for term in query.terms)


@given(text=arbitrary)
def test_any_text_is_a_query_whose_shares_add_up(text: str) -> None:
    query = Query.of(text, FRENCH)
    assert query.share(range(len(query.terms))) == pytest.approx(1 if query.terms else 0)
    assert all(term.weight > 0 for term in query.terms)


@pytest.mark.parametrize(
    ("one", "other"),
    [("container", "conteneur"), ("fichier", "file"), ("démarrer", "launch"), ("exécuter", "lancer"), ("nœud", "node")],
)
def test_equivalents_are_so_both_ways(one: str, other: str) -> None:
    assert stem(other) in equivalents(stem(one))
    assert stem(one) in equivalents(stem(other))


@pytest.mark.parametrize(
    ("plural", "other"),
    [("containers", "conteneur"), ("servers", "serveur"), ("libraries", "bibliothèque"), ("branches", "branche")],
)
def test_an_english_plural_has_the_equivalents_of_its_singular(plural: str, other: str) -> None:
    [term] = Query.of(plural, course(f"Un {other}.", "Un autre.")).terms
    assert term.known
    assert stem(other) in term.stems
    assert stem(plural) == stem(other) or stem(plural) in equivalents(stem(other))


def test_a_word_is_no_equivalent_of_itself_and_most_have_none() -> None:
    assert stem("conteneur") not in equivalents(stem("conteneur"))
    assert not equivalents(stem("Kubernetes"))
    assert not equivalents("")


def test_a_word_that_is_written_like_one_of_the_course_is_worth_a_part_of_it() -> None:
    course_of_one = course("La conteneurisation.", "Un port.")
    [term] = Query.of("conteneur", course("Un conteneur.", "La conteneurisation.", "Un port.")).terms
    assert term.stems == {stem("conteneur")}
    assert 0 < term.alike[stem("conteneurisation")] < 1
    [unknown] = Query.of("conteneurise", course_of_one).terms
    assert stem("conteneurisation") in {*unknown.stems, *unknown.alike}


@pytest.mark.parametrize(
    ("question", "encoded"),
    [
        ("What is a tree?", "What is a arbre?"),
        ("C'est quoi un arbre ?", "C'est quoi un arbre ?"),
        ("Que change un volume ?", "Que change un volume ?"),
        ("What is a queue?", "What is a queue?"),
        ("What are servers?", "What are serveur?"),
        ("", ""),
    ],
)
def test_a_word_that_is_not_french_is_encoded_as_the_course_calls_it(question: str, encoded: str) -> None:
    """`change` and `queue` are French, whatever the course calls what they mean in English."""
    lexical = course("Un arbre.", "Modifier une file.", "Un serveur.")
    assert in_own_words(question, lexical) == encoded


def test_a_word_that_the_course_has_is_encoded_as_it_is() -> None:
    assert in_own_words("What is a tree?", course("Un arbre.", "Un tree.")) == "What is a tree?"
