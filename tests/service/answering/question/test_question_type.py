"""What kind of answer a question wants."""

import re
from time import process_time

import pytest
from hypothesis import given

from reperage.service.answering import sentence_selection as selection
from reperage.service.answering.question import answer_type as forms
from reperage.service.answering.question import question_type as kinds
from reperage.service.answering.question.question_type import question_type_of, sides
from tests.corpus.generated import arbitrary


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("C'est quoi un port exposé ?", "definition"),
        ("c’est quoi un port", "definition"),
        ("Qu'est-ce qu'une image Docker ?", "definition"),
        ("Qu'est-ce que le démon ?", "definition"),
        ("un volume c'est quoi", "definition"),
        ("Que signifie immuable ?", "definition"),
        ("Que veut dire CI/CD ?", "definition"),
        ("définition d'un port", "definition"),
        ("conteneur", "definition"),
        ("What is a container?", "definition"),
        ("what's a port", "definition"),
        ("What does immutable mean?", "definition"),
        ("Différence entre un port exposé et un port interne", "difference"),
        ("En quoi un conteneur diffère d'une image ?", "difference"),
        ("c'est quoi la différence entre une image et un conteneur", "difference"),
        ("image vs conteneur", "difference"),
        ("Comment distinguer une image d'un conteneur ?", "difference"),
        ("What is the difference between an image and a container?", "difference"),
        ("Comment créer une image ?", "how_to"),
        ("et comment on fait pour l'arrêter ?", "how_to"),
        ("How do I stop a container?", "how_to"),
        ("how to stop a container", "how_to"),
        ("Quels sont les objets que gère le démon ?", "list"),
        ("Quelles étapes pour créer une image ?", "how_to"),
        ("Cite les couches d'une image", "list"),
        ("De quoi est composée une image ?", "list"),
        ("Which objects does the daemon manage?", "list"),
        ("Est-ce que l'image peut être modifiée ?", "yes_or_no"),
        ("Peut-on arrêter un conteneur ?", "yes_or_no"),
        ("L'image est-elle immuable ?", "yes_or_no"),
        ("Les ports internes sont-ils accessibles ?", "yes_or_no"),
        ("Y a-t-il un démon ?", "yes_or_no"),
        ("Can an image be modified?", "yes_or_no"),
        ("Où sont stockées les images ?", "other"),
        ("Pourquoi utiliser Docker ?", "other"),
        ("Où peut-on télécharger une image ?", "other"),
        ("Que deviennent les modifications ?", "other"),
        ("Qu'est-ce que je dois installer ?", "other"),
        ("Qui gère les conteneurs ?", "other"),
        ("", "other"),
    ],
)
def test_the_kind_is_told_from_the_words(question: str, wanted: str) -> None:
    assert question_type_of(question) == wanted


@pytest.mark.parametrize("question", ["C'est quoi un port ?", "Différence entre A et B ?", "Comment créer une image ?"])
def test_capitals_accents_and_apostrophes_change_no_kind(question: str) -> None:
    for written in (question.upper(), question.replace("'", "’"), f"  {question} ", question.replace("é", "e")):
        assert question_type_of(written) == question_type_of(question)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Différence entre un port exposé et un port interne ?", ("un port exposé", "un port interne")),
        ("c'est quoi la différence entre image et conteneur", ("image", "conteneur")),
        ("What is the difference between an image and a container?", ("an image", "a container")),
        ("image vs conteneur", ("image", "conteneur")),
        ("image / conteneur, quelle différence", ("image", "conteneur")),
        ("différence port exposé et port interne", ("port exposé", "port interne")),
        ("la différence entre un port exposé par rapport à un port interne", ("un port exposé", "un port interne")),
    ],
)
def test_the_two_sides_of_a_difference_are_named(question: str, named: tuple[str, str]) -> None:
    found = sides(question)
    assert found is not None
    for side, expected in zip(found, named, strict=True):
        assert expected in side


def test_capitals_change_no_sides() -> None:
    named = sides("différence entre une pile et une file")
    shouted = sides("DIFFÉRENCE ENTRE UNE PILE ET UNE FILE")
    assert named is not None
    assert shouted == (named[0].upper(), named[1].upper())


@pytest.mark.parametrize(
    "question", ["", "?", "Quelle est la différence ?", "c'est quoi la différence entre ?", "différence", "et"]
)
def test_where_two_things_are_not_named_there_are_no_sides(question: str) -> None:
    assert sides(question) is None


LONG = [
    "a" * 2000,
    "a " * 1000,
    "est ce qu'" * 200,
    "?!…«» " * 333,
    "'" * 2000,
    "- " * 1000,
    "a-" * 1000,
    "a' " * 666,
    "mot-il " * 285,
    "entre et " * 222,
    "what does " * 200,
    "quelle est la " * 142,
    "de quoi " * 250,
    " " * 2000,
    "et " * 666,
    "/" * 2000,
    " / " * 666,
    "1" * 2000,
    "1 " * 1000,
    "A" * 2000,
    "A, " * 666,
    "$ " * 1000,
    "`" * 2000,
    "\n" * 2000,
    "🐳" * 2000,
    "e\u0301" * 1000,
    "(" * 2000,
    "w’" * 1000,
]


@pytest.mark.parametrize("question", LONG, ids=lambda question: ascii(question[:8]))
def test_the_longest_questions_are_told_in_no_time(question: str) -> None:
    """A pattern that goes back and forth would take minutes: the bound is a hundred times what is needed."""
    patterns = [
        found
        for module in (kinds, forms, selection)
        for value in vars(module).values()
        for found in (value.values() if isinstance(value, dict) else [value])
        if isinstance(found, re.Pattern)
    ]
    assert len(patterns) > 10
    started = process_time()
    question_type_of(question)
    sides(question)
    for pattern in patterns:
        list(pattern.finditer(question))
        pattern.match(question)
    assert process_time() - started < 2


@given(text=arbitrary)
def test_any_text_has_a_kind(text: str) -> None:
    assert question_type_of(text) in ("definition", "difference", "yes_or_no", "list", "how_to", "other")
    found = sides(text)
    assert found is None or all(side in text for side in found)
