"""What a question is about."""

import pytest
from hypothesis import given

from reperage.service.answering.question.follow_up.grammar import is_infinitive
from reperage.service.answering.question.follow_up.phrases import article_for, attach, plural
from reperage.service.answering.question.follow_up.topic import topic_of
from tests.corpus.generated import arbitrary


@pytest.mark.parametrize(
    ("question", "link", "phrase"),
    [
        ("C'est quoi un port exposé ?", "", "un port exposé"),
        ("c'est quoi un port expose", "", "un port expose"),
        ("Qu'est-ce qu'une image Docker ?", "que", "une image Docker"),
        ("Qu’est-ce que le démon ?", "que", "le démon"),
        ("Comment arrêter un conteneur ?", "", "un conteneur"),
        ("Comment on lance un conteneur ?", "", "un conteneur"),
        ("Une image peut-elle être modifiée ?", "", "Une image"),
        ("Pourquoi utiliser Docker ?", "", "Docker"),
        ("définition port exposé", "", "port exposé"),
        ("Quelle est la définition d'un port ?", "de", "un port"),
        ("Quels sont les avantages de Docker ?", "de", "Docker"),
        ("C'est quoi le rôle du client Docker ?", "de", "le client Docker"),
        ("Quelle différence entre une image et un conteneur ?", "entre", "une image et un conteneur"),
        ("docker CLI c'est quoi", "", "docker CLI"),
        ("Comment un conteneur communique avec l'hôte ?", "", "un conteneur"),
        ("Quelle commande permet de lister les conteneurs ?", "", "les conteneurs"),
        ("C'est quoi un système de fichiers ?", "", "un système de fichiers"),
        ("C'est quoi une machine à états ?", "", "une machine à états"),
        ("De quoi est composée une image Docker ?", "", "une image Docker"),
        ("Qui a inventé RSA ?", "", "RSA"),
    ],
)
def test_the_noun_phrase_of_a_question_is_found(question: str, link: str, phrase: str) -> None:
    topic = topic_of(question)
    assert topic is not None
    assert (topic.link, topic.phrase) == (link, phrase)


@pytest.mark.parametrize("question", ["", "?", "Comment la supprimer ?", "elle est composée de quoi ?", "pourquoi ?"])
def test_a_question_that_names_nothing_has_no_topic(question: str) -> None:
    assert topic_of(question) is None


@pytest.mark.parametrize(
    ("question", "phrase", "made"),
    [
        ("Qu'est-ce qu'une image ?", "le volume", "Qu'est-ce que le volume ?"),
        ("Qu'est-ce que le volume ?", "une image", "Qu'est-ce qu'une image ?"),
        ("Quel est le rôle d'une image ?", "le démon", "Quel est le rôle du démon ?"),
        ("Quel est le rôle du démon ?", "les ports", "Quel est le rôle des ports ?"),
        ("Quel est le rôle du démon ?", "l'hôte", "Quel est le rôle de l'hôte ?"),
    ],
)
def test_another_topic_is_contracted_and_elided(question: str, phrase: str, made: str) -> None:
    topic = topic_of(question)
    assert topic is not None
    assert topic.question_about(phrase) == made


@pytest.mark.parametrize(
    ("singular", "several"),
    [
        ("une image Docker", "les images Docker"),
        ("un port exposé", "les ports exposés"),
        ("l'hôte", "les hôtes"),
        ("un système de fichiers", "les systèmes de fichiers"),
        ("le réseau", "les réseaux"),
        ("un signal", "les signaux"),
        ("Docker", "les Docker"),
    ],
)
def test_a_phrase_has_a_plural(singular: str, several: str) -> None:
    assert plural(singular) == several


@pytest.mark.parametrize(
    ("possessive", "noun", "article"),
    [
        ("ses", "avantages", "les "),
        ("sa", "taille", "la "),
        ("son", "rôle", "le "),
        ("son", "utilité", "l'"),
        ("leur", "fonction", "la "),
        ("leur", "rôle", "le "),
        ("leur", "utilité", "l'"),
    ],
)
def test_a_possessive_has_an_article(possessive: str, noun: str, article: str) -> None:
    assert article_for(possessive, noun) == article


@pytest.mark.parametrize("verb", ["supprimer", "changer", "finir", "arreter", "mettre", "lire", "dockeriser", "copier"])
def test_a_verb_is_told_from_a_noun(verb: str) -> None:
    assert is_infinitive(verb)


@pytest.mark.parametrize("noun", ["docker", "fichier", "theatre", "memoire", "serveur", "pilier", "avenir", "arbre"])
def test_a_noun_is_told_from_a_verb(noun: str) -> None:
    assert not is_infinitive(noun)


def test_two_things_are_each_attached_and_several() -> None:
    assert attach("de", "une image et le volume") == "d'une image et du volume"
    assert attach("de", "UNE PILE ET UNE FILE") == "d'UNE PILE et d'UNE FILE"
    topic = topic_of("DIFFÉRENCE ENTRE UNE PILE ET UNE FILE")
    assert topic is not None
    assert topic.is_plural


def test_what_is_contracted_already_stays() -> None:
    assert attach("de", "du code") == "du code"


@given(text=arbitrary)
def test_any_text_has_a_topic_or_none(text: str) -> None:
    topic = topic_of(text)
    assert topic is None or topic.question_about(topic.phrase)
