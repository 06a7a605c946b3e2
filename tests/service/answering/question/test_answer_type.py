"""The form of answer that a question asks for, and whether a sentence has it."""

import pytest

from reperage.index.text.folding import fold
from reperage.service.answering.question.answer_type import AnswerType, answer_type_of, holds_answer_type


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("Combien de couches a une image ?", "number"),
        ("Quelle est la taille d'une image ?", "number"),
        ("How many layers does an image have?", "number"),
        ("En quelle année Docker est-il sorti ?", "year"),
        ("Quand Docker est-il sorti ?", "time"),
        ("Quel est le prix de Docker ?", "price"),
        ("Combien coûte Docker ?", "price"),
        ("Qui a inventé Docker ?", "person"),
        ("Par qui Docker a-t-il été créé ?", "person"),
        ("Quelle commande liste les conteneurs ?", "command"),
        ("Which command lists the containers?", "command"),
        ("C'est quoi la commande pour lister les conteneurs ?", "command"),
        ("Quelle est la limite de taille d'une image ?", "number"),
        ("Quelle quantité de mémoire faut-il ?", "number"),
        ("Quel débit maximal a le réseau ?", "number"),
        ("C'est quoi un port ?", None),
        ("Quels sont les objets que gère le démon ?", None),
        ("Que se passe-t-il quand on arrête un conteneur ?", None),
        ("", None),
    ],
)
def test_the_form_is_told_from_the_question(question: str, form: AnswerType | None) -> None:
    assert answer_type_of(fold(question)) == form


@pytest.mark.parametrize(
    ("form", "question", "text", "has"),
    [
        ("number", "combien de couches", "Une image a 12 couches.", True),
        ("number", "combien de couches", "Une image a trois couches.", True),
        ("number", "combien de couches", "Une image a des couches.", False),
        ("number", "combien de ports a l'image 12", "L'image 12 a des ports.", False),
        ("number", "combien de ports a l'image 12", "L'image 12 a 3 ports.", True),
        ("year", "en quelle annee", "Sorti en 2013.", True),
        ("year", "en quelle annee", "Sorti en version 3.", False),
        ("year", "que s'est-il passe en 2013, en quelle annee", "En 2013, rien.", False),
        ("time", "quand s'arrete-t-il", "Il s'arrête après 3 minutes.", True),
        ("time", "quand s'arrete-t-il", "Il est isolé.", False),
        ("price", "quel prix", "Il coûte 12 €.", True),
        ("price", "quel prix", "Il est gratuit.", True),
        ("price", "quel prix", "Il a 12 couches.", False),
        ("person", "qui a invente docker", "Docker a été créé par Solomon Hykes.", True),
        ("person", "qui a invente docker", "Le logiciel Docker est isolé.", False),
        ("person", "qui a invente docker", "Docker isole les adresses IP.", False),
        ("person", "qui a invente docker", "Un article de Solomon Hykes en parle.", True),
        ("person", "qui a cree docker", "Une Image Docker peut être créée de toutes pièces depuis Docker Hub.", False),
        ("person", "qui a cree docker", "Docker est adapté au développement CI/CD, dit une Note.", False),
        ("person", "qui a cree docker", "Les Images Officielles sont sûres.", False),
        ("person", "qui a cree docker", "Docker a été créé par Pierre Martin.", True),
        ("person", "qui a cree docker", "Il a été créé par Hykes en 2013.", True),
        ("person", "qui a cree docker", "Il a été développé par IBM.", True),
        ("person", "qui a concu la machine de turing", "Elle a été conçue par Alan Turing.", True),
        ("person", "qui a invente le web", "Tim Berners-Lee travaillait au CERN.", True),
        ("command", "quelle commande", "Tapez `docker ps -a`.", True),
        ("command", "quelle commande", "Lancez la commande `docker ps`.", True),
        ("command", "quelle commande", "Le `port` est ouvert.", False),
        ("command", "quelle commande", "", False),
    ],
)
def test_a_sentence_has_the_form_beside_what_the_question_names(
    form: AnswerType, question: str, text: str, has: bool
) -> None:
    assert holds_answer_type(form, text, text, question) is has


def test_code_may_be_the_command_that_is_asked_for() -> None:
    assert holds_answer_type("command", "docker ps -a", "docker ps -a", "quelle commande", "code")
    assert not holds_answer_type("command", "docker ps -a", "docker ps -a", "quelle commande", "paragraph")
    assert not holds_answer_type("number", "docker ps", "docker ps", "combien", "code")
